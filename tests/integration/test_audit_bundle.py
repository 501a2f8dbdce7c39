"""Evidence bundles: made, verified, and forged in every way the procedure names (steps B1 to B6)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.audit.bundle_verify import verify_bundle
from runner.audit.ssh_keygen import SshKeygen
from runner.errors import NotFoundError, UsageError
from runner.model.verdict import Verdict, VerdictWord
from runner.proof.note import NoteSigner
from tests.bundles import archive_of, bundle_of, members_of, written
from tests.logs import LOG_KEY, LogWorld, OwnVerifier, small_world
from tests.stores import ORIGIN

FORGED_KEY = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"2" * 32))
RUN = "BG-2026-0001/1"
Forgery = Callable[[dict[str, bytes]], object]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogWorld]:
    made = small_world(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def good(world: LogWorld) -> bytes:
    return bundle_of(world)


def verdict_of(folder: Path, archive: bytes) -> Verdict:
    return verify_bundle(written(folder, archive), OwnVerifier(), LOG_KEY.key)


def failed(verdict: Verdict) -> str:
    assert verdict.word is VerdictWord.FAILED
    assert verdict.failure is not None
    return verdict.failure.step


def test_a_bundle_is_verified(tmp_path: Path, good: bytes) -> None:
    verdict = verify_bundle(written(tmp_path, good), SshKeygen(), LOG_KEY.key)
    assert (verdict.word, verdict.failure, verdict.entries, verdict.size) == (VerdictWord.VERIFIED, None, 24, 24)
    assert {check.step: check.count for check in verdict.checks} == {"B2": 1, "B3": 10, "B4": 24, "B6": 10}
    assert [note.message for note in verdict.unchecked] == [
        "whether the bundle holds every entry of the run; a part of a log cannot prove it"
    ]


def test_without_a_known_key_the_verdict_asks_to_compare_it(tmp_path: Path, good: bytes) -> None:
    verdict = verify_bundle(written(tmp_path, good), OwnVerifier())
    assert verdict.word is VerdictWord.VERIFIED
    assert verdict.unchecked[-1].facts == {"key": LOG_KEY.key.to_text()}


def test_a_bundle_of_another_log_is_found(tmp_path: Path, good: bytes) -> None:
    assert failed(verify_bundle(written(tmp_path, good), OwnVerifier(), FORGED_KEY.key)) == "B2"


def test_the_same_run_gives_the_same_bytes(world: LogWorld, good: bytes) -> None:
    assert bundle_of(world) == good


def test_entries_of_other_runs_are_not_in_it(tmp_path: Path) -> None:
    world = LogWorld(tmp_path)
    world.found()
    for run in ("BG-2026-0007/1", "BG-2026-0008/1"):
        world.put(*(world.entry_of(run) for _ in range(3)))
    world.sequence()
    verdict = verdict_of(tmp_path, bundle_of(world, "BG-2026-0008/1"))
    assert (verdict.word, verdict.entries, verdict.size) == (VerdictWord.VERIFIED, 3, 6)
    world.close()


def test_a_run_the_log_does_not_know_has_no_bundle(world: LogWorld) -> None:
    with pytest.raises(NotFoundError):
        bundle_of(world, "BG-2026-0099/1")


def _exchange_proofs(members: dict[str, bytes]) -> None:
    lines = [json.loads(line) for line in members["entries.jsonl"].splitlines()]
    lines[3]["proof"], lines[4]["proof"] = lines[4]["proof"], lines[3]["proof"]
    members["entries.jsonl"] = b"".join(
        json.dumps(line, separators=(",", ":"), sort_keys=True).encode() + b"\n" for line in lines
    )


def _change_line(name: str, number: int, old: bytes, new: bytes) -> Forgery:
    def change(members: dict[str, bytes]) -> None:
        lines = members[name].splitlines(keepends=True)
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new)
        members[name] = b"".join(lines)

    return change


def _without_line(number: int) -> Forgery:
    def change(members: dict[str, bytes]) -> None:
        for name in ("entries.jsonl", "leaves.jsonl", "payloads.jsonl"):
            lines = members[name].splitlines(keepends=True)
            del lines[number]
            members[name] = b"".join(lines)
        members["bundle.json"] = members["bundle.json"].replace(b'"entries":24', b'"entries":23')

    return change


def _without_statement(members: dict[str, bytes]) -> None:
    id = json.loads(members["bundle.json"])["statements"][5]
    del members[f"statements/{id}.json"], members[f"statements/{id}.sig"]
    members["bundle.json"] = members["bundle.json"].replace(f',"{id}"'.encode(), b"")


def _changed_statement(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.endswith(".json") and name.startswith("statements/"))
    members[name] += b" "


def _exchanged_signatures(members: dict[str, bytes]) -> None:
    first, second = [name for name in members if name.endswith(".sig")][2:4]
    members[first], members[second] = members[second], members[first]


def _renamed(old: str, new: str) -> Forgery:
    def change(members: dict[str, bytes]) -> None:
        kept = dict(members)
        members.clear()
        members.update({new if name == old else name: data for name, data in kept.items()})

    return change


FORGERIES: dict[str, tuple[Forgery, str]] = {
    "member added": (lambda members: members.update(extra=b"x"), "B1"),
    "member removed": (lambda members: members.pop("people.json"), "B1"),
    "member renamed": (_renamed("checkpoint", "Checkpoint"), "B1"),
    "member climbing out": (_renamed("log.pub", "../log.pub"), "B1"),
    "member at the root": (_renamed("log.pub", "/log.pub"), "B1"),
    "other order": (lambda members: members.update({"README.txt": members.pop("README.txt")}), "B1"),
    "page changed": (lambda members: members.update({"README.txt": b"trust me\n"}), "B1"),
    "manifest spelt otherwise": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b":24", b": 24", 1)}),
        "B1",
    ),
    "manifest is no JSON": (lambda members: members.update({"bundle.json": b"{"}), "B1"),
    "manifest names what is no id": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b'["', b'["../', 1)}),
        "B1",
    ),
    "manifest of another form": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b'"form":1', b'"form":2')}),
        "B1",
    ),
    "manifest of another size": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b'"size":24', b'"size":25')}),
        "B2",
    ),
    "manifest of another run": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b"-0001/1", b"-0002/1")}),
        "B4",
    ),
    "manifest of other content": (
        lambda members: members.update({"bundle.json": members["bundle.json"].replace(b"11111111", b"11111112", 1)}),
        "B4",
    ),
    "checkpoint changed": (
        lambda members: members.update(checkpoint=members["checkpoint"].replace(b"\n24\n", b"\n25\n")),
        "B2",
    ),
    "key is no key": (lambda members: members.update({"log.pub": b"\xff\n"}), "B2"),
    "key of another": (lambda members: members.update({"log.pub": FORGED_KEY.key.to_text().encode() + b"\n"}), "B2"),
    "somebody may sign too": (
        lambda members: members.update(allowed_signers=members["allowed_signers"] + b"eve x y\n"),
        "B3",
    ),
    "people changed": (
        lambda members: members.update({"people.json": members["people.json"].replace(b"ann", b"eve")}),
        "B3",
    ),
    "leaf changed": (_change_line("leaves.jsonl", 12, b"db1", b"db9"), "B4"),
    "leaf is no leaf": (_change_line("leaves.jsonl", 12, b'"v":1', b'"v":2'), "B4"),
    "leaf without newline": (
        lambda members: members.update({"leaves.jsonl": members["leaves.jsonl"][:-1]}),
        "B1",
    ),
    "payload changed": (_change_line("payloads.jsonl", 12, b"ok", b"no"), "3.4"),
    "payload line too many": (
        lambda members: members.update({"payloads.jsonl": members["payloads.jsonl"] + b"\n"}),
        "B4",
    ),
    "hash changed": (_change_line("entries.jsonl", 12, b'"hash":"', b'"hash":"0'), "B4"),
    "index changed": (_change_line("entries.jsonl", 12, b'"index":12', b'"index":11'), "B4"),
    "index far away": (_change_line("entries.jsonl", 12, b'"index":12', b'"index":99'), "B4"),
    "index is no number": (_change_line("entries.jsonl", 12, b'"index":12', b'"index":true'), "B4"),
    "proofs exchanged": (_exchange_proofs, "B4"),
    "event left out": (_without_line(12), "3.6"),
    "approval left out": (_without_line(5), "5.2"),
    "statement left out": (_without_statement, "3.5"),
    "statement changed": (_changed_statement, "2.1"),
    "signatures exchanged": (_exchanged_signatures, "2.4"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_bundle_fails(tmp_path: Path, good: bytes, forgery: str) -> None:
    change, step = FORGERIES[forgery]
    members = members_of(good)
    change(members)
    assert failed(verdict_of(tmp_path, archive_of(members))) == step


@pytest.mark.parametrize(
    "archive",
    [b"", b"PK\x03\x04", b"\0" * 10240, b"x" * 5000],
    ids=["empty", "zip", "no member", "noise"],
)
def test_what_is_no_bundle_fails(tmp_path: Path, archive: bytes) -> None:
    assert failed(verdict_of(tmp_path, archive)) == "B1"


def test_a_bundle_cut_short_or_with_something_behind_it_fails(tmp_path: Path, good: bytes) -> None:
    for archive in (good[:-1], good[:-512], good + b"\0", good + b"\0" * 10240, good[:4000], good[: len(good) // 2]):
        assert failed(verdict_of(tmp_path, archive)) == "B1"


def test_every_bit_of_a_bundle_matters(tmp_path: Path, good: bytes) -> None:
    for place in range(0, len(good), 997):
        changed = bytearray(good)
        changed[place] ^= 1
        assert verdict_of(tmp_path, bytes(changed)).word is VerdictWord.FAILED, place


def test_a_member_that_claims_to_be_huge_takes_no_room(tmp_path: Path, good: bytes) -> None:
    forged = bytearray(good)
    member = tarfile.TarInfo("README.txt")
    member.size, member.mode = 8**11 - 1, 0o644
    forged[:512] = member.tobuf(tarfile.USTAR_FORMAT)
    assert failed(verdict_of(tmp_path, bytes(forged))) == "B1"


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError):
            verify_bundle(path, OwnVerifier())


def test_stock_tools_verify_it_as_its_page_says(tmp_path: Path, good: bytes) -> None:
    subprocess.run(["tar", "xf", str(written(tmp_path, good))], cwd=tmp_path, check=True)
    about = json.loads((tmp_path / "bundle.json").read_text())
    for id in about["statements"]:
        said = (tmp_path / f"statements/{id}.json").read_bytes()
        fields = json.loads(said)
        command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", fields["person"]]
        command += ["-n", f"twokey.v1.{fields['kind']}", "-s", f"statements/{id}.sig"]
        subprocess.run(command, cwd=tmp_path, input=said, check=True, capture_output=True)
        assert hashlib.sha256(said).hexdigest() == id
    line = json.loads((tmp_path / "entries.jsonl").read_text().splitlines()[12])
    leaf = json.loads((tmp_path / "leaves.jsonl").read_text().splitlines()[12])
    assert _shell(tmp_path, r"(printf '\000'; sed -n 13p leaves.jsonl | head -c -1) | sha256sum") == line["hash"]
    octal = "".join(f"\\{byte:03o}" for byte in bytes.fromhex(line["salt"]))
    committed = _shell(
        tmp_path,
        r"(printf 'twokey.v1.payload\000\020'; "
        f"printf '{octal}'; sed -n 13p payloads.jsonl | head -c -1) | sha256sum",
    )
    assert f"sha256:{committed}" == leaf["payload"]


def _shell(folder: Path, script: str) -> str:
    done = subprocess.run(["bash", "-c", script], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split()[0]
