"""Somebody without a key, by the installed command: set going by two, approves with password and code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from tests.acceptance.installed import LI, WANG, Installed

POLICY = """apiVersion: twokey/v1
kind: Policy
name: lenient
classes:
  ordinary:
    strength: password
"""
NEW = "correct horse battery"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    installed = Installed(tmp_path_factory.mktemp("passwords"))
    installed.make_keys()
    installed.write_site()
    (installed.site / "inventory/test/policy.yml").write_text(POLICY, encoding="utf-8")
    installed.found()
    yield installed
    installed.stop()


def test_a_person_without_a_key_is_set_going_by_two_and_approves(site: Installed) -> None:
    first = "-".join(halves(site))
    secret = authenticator(site, first)
    number = requested(site)
    known = ("--password-file", kept(site, "password", NEW))
    approve = ("approve", number, "--quiet", "--yes", *known)
    assert "twokey login" in site.refused(*approve, "--code-file", kept(site, "code", "000000"), code=2)
    enter(site, first, secret)
    assert "nobody can be asked here" in site.refused(*approve, code=2)
    assert "access:wrong" in site.refused(*approve, "--code-file", kept(site, "code", "000000"), code=4)
    code = ("--code-file", kept(site, "code", code_of(secret, 0)))
    assert site.ask(*approve, *code)["state"] == "approved"
    assert "access:wrong" in site.refused("reject", number, "--reason", "x", "--yes", *known, *code, code=4)
    site.do("serve", "--stop")
    assert "attested by the service, weaker than a key" in site.do("audit", "verify")


def halves(site: Installed) -> tuple[str, str]:
    """Both halves of carol's first password: one told to who applied, one to who approved."""
    for words in (("enrol", "carol"), ("appoint", "carol", "member")):
        number = str(site.sign("people", *words, "--reason", "new", by=WANG)["subject"])
        assert site.sign("approve", number, by=LI)["half"] == ""
    applied = site.sign("people", "reset", "carol", "--reason", "new", by=WANG)
    number = str(applied["subject"])
    assert "L1:applicant-approves" in site.refused("approve", number, "--yes", by=WANG, code=4)
    approved = site.do("approve", number, "--yes", by=LI)
    told = next(line for line in approved.splitlines() if "your half" in line)
    return str(applied["half"]), told.rpartition(" ")[2]


def authenticator(site: Installed, first: str) -> str:
    half = first.partition("-")[0]
    wanted = ("login", "carol", "--authenticator", "--password-file")
    assert "access:wrong" in site.refused(*wanted, kept(site, "half", half), code=4)
    address = site.do(*wanted, kept(site, "first", first)).strip()
    return parse_qs(urlsplit(address).query)["secret"][0]


def enter(site: Installed, first: str, secret: str) -> None:
    """The first sign-in; the code is that of the step before, so that there are others left."""
    code = kept(site, "code", code_of(secret, -1))
    words = ("login", "carol", "--password-file", kept(site, "first", first), "--code-file", code)
    assert "must be changed" in site.refused(*words, code=4)
    site.do(*words, "--new-password-file", kept(site, "password", NEW))


def requested(site: Installed) -> str:
    for person in (WANG, LI):
        site.sign("runbook", "publish", "note-write", by=person)
    window = ("--from", "now", "--to", "+2h", "--reason", "acceptance")
    return str(site.sign("request", "note-write", "-p", "text=hello", *window, by=WANG)["request"])


def kept(site: Installed, name: str, text: str) -> str:
    path = Path(site.folder, f"{name}.txt")
    path.write_text(text + "\n", encoding="utf-8")
    return str(path)


def code_of(secret: str, steps: int) -> str:
    present = datetime.now(UTC)  # noqa: TID251 - the service under test has the machine's clock
    return pyotp.TOTP(secret).at(present + timedelta(seconds=30 * steps))
