"""A small site for tests of desk and service: one group, one runbook with a manual step, a gate and a playbook."""

from __future__ import annotations

from pathlib import Path

from runner.model.site import Site
from runner.runbook.settings import load_site

ORIGIN = "test.example/twokey"

SITE = """\
apiVersion: twokey/v1
kind: Site
name: test
environment: test
production: {production}
origin: test.example/twokey
timezone: Asia/Shanghai
"""
POLICY = """\
apiVersion: twokey/v1
kind: Policy
name: two people
max_runs: 2
"""
HOSTS = """\
all:
  vars: {colour: green}
  children:
    web:
      hosts:
        web1: {ansible_connection: local}
"""
RUNBOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: web-restart
version: 1
family: restart
title: {en: Restart the web service, zh: 重启网站服务}
owner: operations
risk: ordinary
parameters:
  reason_code: {type: integer, default: 1, min: 1, max: 9}
targets: {group: web}
steps:
  - id: look
    manual:
      instruct: {en: Read the gauge, zh: 读取仪表}
      record: {level: {type: integer, min: 0, max: 10}}
      read_only: true
  - id: restart
    gate: {}
    playbook: web/restart.yml
    verify: web/health.yml
    rollback: none
    because: {en: a restart undoes nothing, zh: 重启无需回退}
"""
PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: {name}
      ansible.builtin.command: {{cmd: "true"}}
      changed_when: {changed}
"""


def write_site(folder: Path, *, production: bool = False) -> Site:
    """A small site: one group, one runbook with a manual step, a gate and a playbook."""
    files = {
        "inventory/site.yml": SITE.format(production=str(production).lower()),
        "inventory/test/hosts.yml": HOSTS,
        "inventory/test/policy.yml": POLICY,
        "runbooks/restart/web-restart.yml": RUNBOOK,
        "playbooks/web/restart.yml": PLAY.format(name="restart", changed="true"),
        "playbooks/web/health.yml": PLAY.format(name="health", changed="false"),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_site(folder)
