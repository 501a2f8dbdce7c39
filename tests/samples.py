"""Runbooks as text: the smallest, the usual one, and one that uses every key of the language."""

from __future__ import annotations

MINIMAL = """\
apiVersion: twokey/v1
kind: Runbook
id: db-restart
version: 1
family: maintenance
title: {en: Restart the database, zh: 重启数据库}
owner: dba
targets: {group: db}
steps:
  - id: restart
    playbook: db/restart.yml
    verify: db/health.yml
    rollback: none
    because: {en: a restart cannot be undone, zh: 重启无法撤销}
"""

SKETCH = """\
apiVersion: twokey/v1
kind: Runbook
id: postgres-minor-upgrade
version: 3
family: upgrade
title: {en: PostgreSQL minor upgrade, zh: PostgreSQL 小版本升级}
owner: dba
controls: [RCB-40, CO-33]
risk: ordinary
parameters:
  target_version: {type: string, pattern: '^15\\.\\d+$', ask: {en: Target version, zh: 目标版本}}
targets: {group: postgres, batch: 1, stop_after_failures: 1}
window: required
steps:
  - id: preflight
    remote: {reachable: true, free_disk: {path: /var, at_least: 2GiB}, clock_skew: {at_most: 2s}}
  - id: backup
    playbook: postgres/backup.yml
    outputs: {backup_path: path, backup_sha256: sha256}
    verify: postgres/backup_verify.yml
    rollback: none
    because: {en: it only adds a file, zh: 只新增文件}
  - id: upgrade
    gate: {who: two_people, wait_at_most: 2h, when_late: pause}
    playbook: postgres/upgrade.yml
    timeout: 20m
    settle: postgres/upgrade_settle.yml
    rollback: {playbook: postgres/downgrade.yml, vars: {restore_from: '{{ outputs.backup.backup_path }}'},
               rewinds_data: true, writes_off: postgres/writes_off.yml, estimate: 25m}
  - id: observation
    soak: {for: 10m, every: 30s, playbook: postgres/health.yml, tolerate: 0}
on_failure: roll_back
at_window_end: roll_back
after_rollback: {verify: postgres/health.yml}
"""

EVERYTHING = """\
apiVersion: twokey/v1
kind: Runbook
id: everything
version: 12
family: maintenance
title: {en: Every key, zh: 全部关键字}
summary: {en: Uses every key of the language., zh: 使用语言的全部关键字。}
owner: operations
controls: [RCB-40]
risk: standard
parameters:
  release: {type: string, pattern: '[0-9.]+', default: '1.2', ask: {en: Release, zh: 版本}}
  count: {type: integer, min: 1, max: 9, default: 3}
  careful: {type: boolean, default: true}
  speed: {type: choice, choices: [slow, fast], default: slow}
  place: {type: path, pattern: '/srv/.*', default: /srv/app}
  sum: {type: sha256}
  patience: {type: duration, min: 1m, max: 1h, default: 10m}
  room: {type: size, min: 1MiB, max: 1TiB, default: 2GiB}
targets: {hosts: [b, a], batch: 1, stop_after_failures: 2}
window: required
vars: {release: '{{ parameters.release }}', run: '{{ run.id }}', list: [1, true, {deep: '{{ parameters.count }}'}]}
steps:
  - id: first
    once: before
    title: {en: First, zh: 第一步}
    playbook: a/first.yml
    vars: {request: 'for {{ run.request }}'}
    read_only: true
    outputs: {name: string, size: integer, ok: boolean, where: path, sum: sha256, took: duration, space: size}
    verify: a/verify.yml
    timeout: 1m
  - id: look
    remote:
      reachable: true
      free_disk: [{path: /, at_least: 1GiB}, {path: /var, at_least: 512MiB}]
      free_memory: {at_least: 64MiB}
      clock_skew: {at_most: 500ms}
      load: {at_most: 150%}
      file: {path: /etc/hosts}
    timeout: 30s
  - id: sheet
    gate:
      who: two_people
      wait_at_most: 30m
      when_late: roll_back
      say: {en: The valve is opened., zh: 将开启阀门。}
    manual:
      instruct: {en: Open the valve., zh: 开启阀门。}
      record:
        level: {type: integer, min: 0, max: 100, ask: {en: Level in percent, zh: 液位(%)}}
        seen: {type: string}
      rollback: {en: Close the valve., zh: 关闭阀门。}
    timeout: 4h
  - id: last
    once: after
    playbook: a/last.yml
    irreversible: true
    vars: {name: '{{ outputs.first.name }}'}
    verify: {playbook: a/verify.yml, vars: {name: '{{ outputs.first.name }}'}}
    rollback: none
    because: {en: it is deleted, zh: 已删除}
on_failure: pause
at_window_end: finish_step
rollback_scope: run
after_rollback: {verify: {playbook: a/health.yml, vars: {release: '{{ parameters.release }}'}}}
"""


def with_steps(steps: str) -> str:
    """The smallest runbook with other steps."""
    return MINIMAL[: MINIMAL.index("  - id: restart")] + steps
