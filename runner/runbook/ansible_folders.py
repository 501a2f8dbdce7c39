"""Which folders of a site's `playbooks/` Ansible looks along, by the name of its setting."""

from __future__ import annotations

FOLDERS = {
    "roles_path": "roles",
    "library": "library",
    "module_utils": "module_utils",
    "collections_path": "collections",
    "action_plugins": "action_plugins",
    "doc_fragment_plugins": "doc_fragments",
    "filter_plugins": "filter_plugins",
    "lookup_plugins": "lookup_plugins",
    "test_plugins": "test_plugins",
}
"""Kinds of code that content may bring."""

NOT_FROM_CONTENT = (
    "become_plugins",
    "cache_plugins",
    "callback_plugins",
    "cliconf_plugins",
    "connection_plugins",
    "httpapi_plugins",
    "inventory_plugins",
    "netconf_plugins",
    "strategy_plugins",
    "terminal_plugins",
    "vars_plugins",
)
"""Kinds only Ansible itself and Twokey provide: they decide how a host is reached, in which order, and what is told."""
