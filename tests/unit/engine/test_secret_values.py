from __future__ import annotations

import hashlib
import pickle
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.engine.secret_command import ask_program
from runner.engine.secret_values import SecretGiver, give_nothing
from runner.engine.shim.protocol import Say, begin_message, to_given
from runner.engine.vault import decrypt
from runner.errors import UsageError
from runner.model.plan import SecretRef
from runner.model.secret import CommandSource, EnvironmentSource, Secret, SecretSource, SecretText, VaultSource

# Made by `ansible-vault encrypt` with the password "correct horse": {"planted": "vault-value"}
ENCRYPTED = (
    b"$ANSIBLE_VAULT;1.1;AES256\n"
    b"31313632653532643936373738386164643265366430663237626131653739616533626266393634\n"
    b"3132633166323535353536396335623132303931633865350a626662303636343065303661353463\n"
    b"61376132396637373965323465623162613165376431313161316332336136343035376633616434\n"
    b"3131623036313239660a383066326237656663653337343637393035386532303635616431613961\n"
    b"38623030643466623962656463613132363730323034343865336464633432386635\n"
)
VALUE = "never-to-be-told"


def giver(folder: Path, *secrets: Secret, environment: Mapping[str, str] | None = None) -> SecretGiver:
    declared = {secret.name: secret for secret in secrets}
    return SecretGiver(folder, lambda: declared, environment or {})


def one(source: SecretSource, version: str = "1") -> Secret:
    return Secret("a", source, version)


def value_of(folder: Path, source: SecretSource, environment: Mapping[str, str] | None = None) -> str:
    secret = one(source)
    return giver(folder, secret, environment=environment).give([secret.reference])["a"].reveal()


def why_not(folder: Path, source: SecretSource, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        value_of(folder, source, environment)
    assert str(caught.value).startswith(f"secret a ({source}, version 1): ")
    return str(caught.value)


def program(folder: Path, text: str) -> CommandSource:
    path = folder / "give"
    path.write_text(f"#!{sys.executable}\n{text}\n", "utf-8")
    path.chmod(0o700)
    return CommandSource((str(path), "an argument"))


def vault(folder: Path, data: bytes = ENCRYPTED, key: str = "planted") -> VaultSource:
    (folder / "x.vault.yml").write_bytes(data)
    return VaultSource("x.vault.yml", key, hashlib.sha256(data).hexdigest())


@pytest.fixture
def password(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "vault_password").write_text("correct horse\n", "utf-8")
    return {"TWOKEY_VAULT_PASSWORD_FILE": str(tmp_path / "vault_password")}


def test_a_value_shows_itself_to_nobody() -> None:
    text = SecretText(VALUE)
    assert VALUE not in f"{text} {text!r} {[text]} { ({'a': text}) }"
    with pytest.raises(TypeError):
        pickle.dumps(text)
    message = begin_message("1-up.do-1", {"a": text})
    assert VALUE not in repr(message)
    assert (message.say, to_given(message.secrets)["a"].reveal()) == (Say.BEGIN, VALUE)


def test_from_the_environment_of_the_service(tmp_path: Path) -> None:
    assert value_of(tmp_path, EnvironmentSource("A"), {"A": VALUE}) == VALUE
    assert "no variable of this name" in why_not(tmp_path, EnvironmentSource("A"))


def test_from_a_vault_file(tmp_path: Path, password: dict[str, str]) -> None:
    assert value_of(tmp_path, vault(tmp_path), password) == "vault-value"
    assert value_of(tmp_path, vault(tmp_path), {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "vault-value"


def test_a_vault_file_that_will_not_do(tmp_path: Path, password: dict[str, str]) -> None:
    assert "has no vault password" in why_not(tmp_path, vault(tmp_path))
    assert "cannot be read" in why_not(tmp_path, vault(tmp_path), {"TWOKEY_VAULT_PASSWORD_FILE": "gone"})
    assert "no YAML with this key" in why_not(tmp_path, vault(tmp_path, key="other"), password)
    source = vault(tmp_path)
    vault(tmp_path, ENCRYPTED + b"\n")
    assert "not the one that was bound" in why_not(tmp_path, source, password)
    (tmp_path / "vault_password").write_text("wrong\n", "utf-8")
    assert "does not open it" in why_not(tmp_path, vault(tmp_path), password)
    (tmp_path / "vault_password").write_text("\n", "utf-8")
    assert "is empty" in why_not(tmp_path, vault(tmp_path), password)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"$ANSIBLE_VAULT;1.1;AES\n3132", b"$ANSIBLE_VAULT;1.1;AES256\nzz", ENCRYPTED[:200]]
)
def test_what_is_no_vault_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        decrypt(data, b"correct horse")


def test_every_changed_byte_of_a_vault_is_noticed() -> None:
    head, _, body = ENCRYPTED.partition(b"\n")
    for place in range(0, len(body) - 1, 37):
        changed = bytearray(body)
        changed[place] = ord("1") if changed[place] != ord("1") else ord("2")
        with pytest.raises(UsageError):
            decrypt(head + b"\n" + bytes(changed), b"correct horse")


def test_from_a_program(tmp_path: Path) -> None:
    assert value_of(tmp_path, program(tmp_path, f"print('{VALUE}')")) == VALUE
    seen = value_of(
        tmp_path,
        program(tmp_path, "import os, sys; print(sys.argv[1:], sorted(os.environ))"),
        {"SECRET": "x", "HOME": "/"},
    )
    assert "an argument" in seen
    assert "SECRET" not in seen


@pytest.mark.parametrize(
    "text, why",
    [
        (f"import sys; print('{VALUE}', file=sys.stderr); sys.exit(3)", "ended with status 3"),
        ("print('x' * 70000)", "longer than 65536 bytes"),
        ("import sys; sys.stdout.buffer.write(b'\\xff' * 9)", "no text in UTF-8"),
        ("print('a\\0bcdefg')", "no text in UTF-8"),
        ("print('short')", "shorter than 6 characters"),
        ("print(' ' * 20)", "shorter than 6 characters"),
        ("print('')", "shorter than 6 characters"),
    ],
)
def test_a_program_that_will_not_do(tmp_path: Path, text: str, why: str) -> None:
    told = why_not(tmp_path, program(tmp_path, text))
    assert why in told
    assert VALUE not in told


def test_a_program_is_killed_in_time_with_what_it_started(tmp_path: Path) -> None:
    source = program(tmp_path, "import subprocess; subprocess.run(['sleep', '600'])")
    with pytest.raises(UsageError, match="takes too long"):
        ask_program(source.argv, {"PATH": "/usr/bin:/bin"}, seconds=0.3)


def test_a_program_that_anybody_may_change_is_not_asked(tmp_path: Path) -> None:
    source = program(tmp_path, f"print('{VALUE}')")
    Path(source.argv[0]).chmod(0o700 | stat.S_IWOTH)
    assert "anybody may change" in why_not(tmp_path, source)
    assert "cannot be started" in why_not(tmp_path, CommandSource(("/nowhere/give",)))


def test_only_what_was_bound_is_given(tmp_path: Path) -> None:
    secret = one(EnvironmentSource("A"))
    give = giver(tmp_path, secret, environment={"A": VALUE, "B": "another-value"}).give
    for reference in (
        SecretRef("a", "environment:A", "2"),
        SecretRef("a", "environment:B", "1"),
        SecretRef("b", "environment:A", "1"),
    ):
        with pytest.raises(UsageError, match="declared differently now"):
            give([secret.reference, reference])
    assert give([]) == {}


def test_a_check_says_yes_or_why_not_and_no_value(tmp_path: Path) -> None:
    secrets = (Secret("a", EnvironmentSource("A"), "1"), Secret("b", EnvironmentSource("B"), "1"))
    good, bad = giver(tmp_path, *secrets, environment={"A": VALUE}).check()
    assert (good.problem, bad.problem) == ("", "the service has no variable of this name")
    assert VALUE not in repr((good, bad))


def test_a_service_without_secrets_gives_nothing() -> None:
    assert give_nothing([]) == {}
    with pytest.raises(UsageError, match="declares none"):
        give_nothing([SecretRef("a", "environment:A", "1")])
