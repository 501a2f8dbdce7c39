"""A bank's people, by the installed command: enrolled and appointed by two, bound by posts, units and attestations."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from runner.model.document import JsonObject
from runner.runbook.places import shipped_files
from tests.acceptance.installed import LI, WANG, Installed, rows_of

FOUNDERS = SECURITY, SYSTEM, HEAD = (WANG, LI, "head")
"""By the posts the bank's policy gives them, in this order: none of them operates anything."""


@dataclass
class Bank(Installed):
    """A site under the bank's policy."""

    def found(self) -> None:
        """Found the site; all three sign."""
        self.key_of(HEAD)
        admins = [word for person in FOUNDERS for word in ("--admin", f"{person}={self.key(person)}.pub")]
        self.do("init", str(self.site), *admins)
        for person in FOUNDERS:
            self.do("init", str(self.site), "--sign", "--yes", by=person)

    def key_of(self, person: str) -> str:
        """A new key for a person; the file of its public half."""
        path = self.key(person)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(path)], check=True)
        return f"{path}.pub"

    def granted(self, *words: str) -> str:
        """Applied for by the system administrator, approved by the security administrator; the number."""
        number = str(self.sign(*words, "--reason", "acceptance", by=SYSTEM)["subject"])
        self.sign("approve", number, by=SECURITY)
        return number

    def join(self, person: str, unit: str, post: str) -> None:
        self.granted("people", "enrol", person, "--unit", unit, "--public-key", self.key_of(person))
        for mark in ("training", "confidentiality"):
            self.granted("people", "attest", person, mark)
        self.granted("people", "appoint", person, post)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    bank = Bank(tmp_path_factory.mktemp("bank"))
    bank.make_keys()
    bank.write_site()
    shutil.copy(shipped_files() / "inventory" / "example" / "policy.bank.yml", bank.site / "inventory/test/policy.yml")
    bank.found()
    yield bank
    bank.stop()


def test_a_bank_from_its_two_founders_to_a_change_that_is_proved(bank: Bank) -> None:
    nothing_is_shown_to_who_has_not_signed_in(bank)
    founders_operate_nothing(bank)
    for person, unit, post in (
        ("op-a", "operations", "shift_operator"),
        ("op-b", "operations", "shift_operator"),
    ):
        bank.join(person, unit, post)
    bank.granted("people", "transfer", HEAD, "technology")
    for mark in ("training", "confidentiality"):
        bank.granted("people", "attest", HEAD, mark)
    enough_people_are_there(bank)
    a_change_by_those_who_may(bank)
    somebody_leaves(bank)
    everything_is_proved(bank)


def nothing_is_shown_to_who_has_not_signed_in(bank: Bank) -> None:
    assert "twokey login" in bank.refused("people", "list", code=4)
    bank.do("login", by=SYSTEM)
    assert "post shift_operator is vacant" in bank.do("people", "list")
    bank.do("logout")
    bank.refused("people", "list", code=4)


def founders_operate_nothing(bank: Bank) -> None:
    assert "policy:role" in bank.refused("runbook", "publish", "note-write", "--yes", by=SYSTEM, code=4)
    said = bank.refused(
        "people", "appoint", SECURITY, "system_admin", "--stand-in", "--reason", "x", "--yes", by=SYSTEM, code=4
    )
    assert "people:attestation" in said or "L2:incompatible-posts" in said


def enough_people_are_there(bank: Bank) -> None:
    rows = rows_of(bank.ask("policy", "staffing", by=HEAD, code=1))
    assert {row["risk"]: row["enough"] for row in rows if row["unit"] == "operations"} == {
        "standard": True,
        "ordinary": True,
        "major": False,
        "emergency": True,
    }


def a_change_by_those_who_may(bank: Bank) -> None:
    for person in ("op-a", "op-b"):
        bank.sign("runbook", "publish", "note-write", by=person)
    window = ("--from", "now", "--to", "+2h", "--reason", "acceptance")
    number = str(bank.sign("request", "note-write", "-p", "text=hello", *window, by="op-a")["request"])
    assert "policy:role" in bank.refused("approve", number, "--quiet", "--yes", by="op-b", code=4)
    explained = bank.ask("policy", "explain", "op-b", "approve", number, by="op-b", code=4)
    assert (explained["rule"], explained["who"]) == ("policy:role", [HEAD])
    bank.sign("approve", number, by=HEAD)
    assert "L2:executor-is-approver" in bank.refused("start", number, "--yes", by=HEAD, code=4)
    bank.sign("start", number, by="op-a")
    run = str(bank.sign("confirm", number, by="op-b")["run"])
    bank.let_go_on()
    assert bank.do("run", "watch", run, "--until-waiting", by="op-a")
    for person in ("op-a", "op-b"):
        bank.sign("gate", run, by=person)
    bank.do("run", "watch", run, by="op-b")
    for person in ("op-a", "op-b"):
        bank.sign("close", run, "--achieved", "as seen", "--configuration", "no_change", by=person)


def somebody_leaves(bank: Bank) -> None:
    told = bank.refused("people", "leave", "op-b", "--reason", "x", by=SYSTEM, code=2)
    assert ("post shift_operator" in told, "nobody can be asked" in told) == (True, True), "what ends comes first"
    assert "L1:own-grant" in bank.refused("people", "recertify", HEAD, "--reason", "x", "--yes", by=HEAD, code=4)
    certified = str(bank.sign("people", "recertify", "op-a", "--reason", "on shift", by=HEAD)["subject"])
    bank.sign("approve", certified, by=SECURITY)
    number = bank.granted("people", "leave", "op-b", "--handed-back", "badge 7", "--still-out", "laptop")
    assert "access:unknown-key" in bank.refused("change", "list", by="op-b", code=4)
    shown: JsonObject = bank.ask("people", "grant", number, by=SECURITY)
    assert shown["open"] == []
    assert len(str(shown["ends"]).split("'message'")) == len(("", "key", "post"))
    text = bank.do("people", "grant", number, by=SECURITY)
    for said in ("handed back: badge 7", "still out:   laptop", "ends:        post shift_operator"):
        assert said in text


def everything_is_proved(bank: Bank) -> None:
    assert bank.ask("audit", "verify", by=SECURITY)["verdict"] == "VERIFIED"
    bundle = bank.folder / "bundle.tar"
    bank.do("audit", "export", "BG-2026-0001", "-o", str(bundle), by=SECURITY)
    assert bank.ask("audit", "verify", "--bundle", str(bundle))["verdict"] == "VERIFIED"
