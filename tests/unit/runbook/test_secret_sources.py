from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.model.document import JsonObject
from runner.model.plan import Connection, Group, Host, SecretRef
from runner.model.secret import CommandSource, EnvironmentSource, VaultSource
from runner.runbook.inventory import Inventory
from runner.runbook.schema import schema_document, secrets_schema_text
from runner.runbook.secret_sources import SECRETS_SCHEMA_FILE, Secrets, bind_secrets, parse_secrets
from runner.wire.secret_sources import SecretsShape
from tests.json_schema import Judge
from tests.runbooks import added, runbook

ROOT = Path(__file__).parents[3]
HEAD = "apiVersion: twokey/v1\nkind: Secrets\nsecrets:\n"
VAULT = b"$ANSIBLE_VAULT;1.1;AES256\n3132\n"
INVENTORY = Inventory(
    "test",
    tuple(Host(name, Connection.LOCAL, f"local:{name}") for name in ("db1", "db2", "web1")),
    (Group("all", (), ("db",)), Group("db", ("db1", "db2"))),
)


def parse(folder: Path, text: str) -> Secrets:
    (folder / "x.vault.yml").write_bytes(VAULT)
    (folder / "plain.yml").write_text("a: b\n", "utf-8")
    return parse_secrets((HEAD + text).encode(), "inventory/test/secrets.yml", folder, INVENTORY)


def test_each_source_is_read(tmp_path: Path) -> None:
    found = parse(
        tmp_path,
        "  a: {version: '1', vault: {file: x.vault.yml, key: a}, for: [db]}\n"
        "  b: {version: v2, environment: B_TOKEN, for: [web1, db1]}\n"
        "  c: {version: '3', command: [/usr/bin/give, c]}\n",
    )
    source = found["a"].source
    assert isinstance(source, VaultSource)
    assert len(source.sha256) == 64
    assert found["a"].hosts == frozenset({"db1", "db2"})
    assert (found["b"].source, found["b"].hosts) == (EnvironmentSource("B_TOKEN"), frozenset({"web1", "db1"}))
    assert (found["c"].source, found["c"].hosts) == (CommandSource(("/usr/bin/give", "c")), None)
    assert found["c"].reference == SecretRef("c", 'command:["/usr/bin/give", "c"]', "3")


def test_other_encrypted_bytes_are_another_reference(tmp_path: Path) -> None:
    text = "  a: {version: '1', vault: {file: x.vault.yml, key: a}}\n"
    before = parse(tmp_path, text)["a"].reference
    (tmp_path / "x.vault.yml").write_bytes(VAULT + b"33\n")
    after = parse_secrets((HEAD + text).encode(), "secrets.yml", tmp_path, INVENTORY)["a"].reference
    assert (before.name, before.version) == (after.name, after.version)
    assert before.source != after.source


@pytest.mark.parametrize(
    "line, place, message",
    [
        ("a: {version: '1'}", "4:3", "exactly one of vault, environment, command"),
        ("a: {version: '1', environment: A, command: [/x]}", "4:3", "exactly one of"),
        ("a: {version: 1, environment: A}", "4:16", 'quote it: "1"'),
        ("a: {environment: A}", "4:6", '"version" is missing'),
        ("a: {version: '1', environment: A, value: x}", "4:37", 'unknown key "value"'),
        ("a: {version: '1', environment: 'A B'}", "4:34", "name of a variable"),
        ("a: {version: '1', command: [give]}", "4:30", "absolute path"),
        ("a: {version: '1', command: [/x/../give]}", "4:30", "absolute path"),
        ("a: {version: '1', command: 'sh -c x'}", "4:30", "expected a list"),
        ("a: {version: '1', vault: {file: ../x, key: a}}", "4:35", "name of a file beside"),
        ("a: {version: '1', vault: {file: gone.yml, key: a}}", "4:35", "no such file"),
        ("a: {version: '1', vault: {file: plain.yml, key: a}}", "4:35", "is not encrypted"),
        ("a: {version: '1', environment: A, for: [dbb]}", "4:43", 'did you mean "db"'),
        ("a: {version: '1', environment: A, for: []}", "4:42", "at least 1"),
        ("ansible_become_password: {version: '1', environment: A}", "4:3", "secrets are not kept in variables"),
        ("hostvars: {version: '1', environment: A}", "4:3", "provided by Ansible"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, line: str, place: str, message: str) -> None:
    with pytest.raises(InvalidContentError) as caught:
        parse(tmp_path, f"  {line}\n")
    (problem,) = caught.value.problems
    assert problem.startswith(f"inventory/test/secrets.yml:{place}: ")
    assert message in problem


def test_a_link_is_no_vault_file(tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to(tmp_path / "x.vault.yml")
    with pytest.raises(InvalidContentError) as caught:
        parse(tmp_path, "  a: {version: '1', vault: {file: link.yml, key: a}}\n")
    assert "no such file" in caught.value.problems[0]


def test_a_plan_binds_what_is_declared_for_its_hosts(tmp_path: Path) -> None:
    found = parse(tmp_path, "  a: {version: '1', environment: A, for: [db]}\n")
    book = runbook(added("up"), secrets=("a",))
    assert bind_secrets(found, book, ("db1", "db2")) == (SecretRef("a", "environment:A", "1"),)
    with pytest.raises(UsageError, match='is not for host "web1"'):
        bind_secrets(found, book, ("db1", "web1"))
    with pytest.raises(NotFoundError, match="does not declare it"):
        bind_secrets({}, book, ("db1",))


def test_the_schema_is_current_and_agrees() -> None:
    assert (ROOT / SECRETS_SCHEMA_FILE).read_text("utf-8") == secrets_schema_text(), "make schema"
    document = schema_document(SecretsShape)
    good: JsonObject = {"apiVersion": "twokey/v1", "kind": "Secrets"}
    by_name: JsonObject = {"version": "1", "environment": "A"}
    assert Judge(document).accepts(document, {**good, "secrets": {"a": by_name}})
    assert not Judge(document).accepts(document, {**good, "secrets": {"a": {**by_name, "value": "x"}}})
