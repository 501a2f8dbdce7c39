"""`twokey audit`: list, show, verify and export the log."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from runner.cli.output import put, put_json, put_lines, put_table
from runner.cli.paging import add_paging, tell_rest
from runner.cli.session import Session
from runner.client.witness import witness
from runner.client.wording.log_entry import about_text, entry_lines, proof_lines
from runner.errors import NotFoundError, UsageError, VerificationError
from runner.model.log import LogFilter
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import payload_commitment
from runner.proof.merkle import leaf_hash, verify_inclusion
from runner.wire.api_audit import EntryShown
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("entries, newest first"))
    listing.add_argument("--run", default="", metavar=_("RUN"), help=_("only this run"))
    listing.add_argument("--request", default="", metavar=_("NUMBER"), help=_("only this request"))
    listing.add_argument("--tag", default="", metavar=_("TAG"), help=_("only entries of this kind"))
    listing.add_argument("--actor", default="", metavar=_("NAME"), help=_("only what this person did"))
    add_paging(listing, _("POSITION"))
    show = below.add_parser("show", help=_("one entry, with the proof that it stands in the log"))
    show.add_argument("index", type=int, metavar=_("INDEX"), help=_("its place in the log"))
    verify = below.add_parser("verify", help=_("recompute the whole log; no service is needed"))
    verify.add_argument("--bundle", type=Path, metavar=_("FILE"), help=_("verify an evidence bundle instead"))
    export = below.add_parser("export", help=_("write the evidence bundle of a run"))
    export.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    export.add_argument(
        "-o", "--output", type=Path, metavar=_("FILE"), help=_("file to write (default: the run's name with .tar)")
    )
    for part in (listing, show, verify, export):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    if options.part == "verify":
        from runner.cli.verifying import verify

        return verify(options)
    with Session(options) as here:
        if options.part == "list":
            return _list(here, options)
        if options.part == "show":
            return _show(here, options)
        return _export(here, options)


def _list(here: Session, options: argparse.Namespace) -> int:
    wish = LogFilter(options.run, options.request, options.tag, options.actor)
    page = here.service.log.entries(wish, options.before, options.limit)
    if options.json:
        put_json(page)
        return 0
    heads = (_("index"), _("time (UTC)"), _("kind"), _("who"), _("about"))
    put_table(heads, [_row(entry) for entry in page.rows])
    tell_rest(page.rows, page.next)
    return 0


def _row(entry: EntryShown) -> tuple[str, ...]:
    place = "-" if entry.index is None else str(entry.index)
    return place, entry.occurred[:19].replace("T", " "), entry.tag, entry.actor, about_text(entry)


def _show(here: Session, options: argparse.Namespace) -> int:
    """One entry; its proof is checked here, against a head that continues what this client remembers."""
    seen = witness(here.service.log, here.memory, here.status.origin)
    if not 0 <= options.index < seen.size:
        raise NotFoundError(
            N_("entry {index}: the log has entries 0 to {last}"), index=options.index, last=seen.size - 1
        )
    entry = here.service.log.entry(options.index)
    _require_payload(entry)
    leaf = leaf_hash(canonical_bytes(entry.leaf))
    proof = here.service.log.inclusion(options.index, seen.size)
    hashes = tuple(bytes.fromhex(part) for part in proof.hashes)
    verify_inclusion(leaf, options.index, seen.size, hashes, bytes.fromhex(seen.root))
    if options.json:
        put_json(entry)
        return 0
    payload_proven = entry.payload is not None
    proof_told = proof_lines(options.index, seen.size, leaf.hex(), seen.root, payload_proven=payload_proven)
    put_lines(entry_lines(entry, proof_told))
    return 0


def _require_payload(entry: EntryShown) -> None:
    """Refuse a payload that is not the one its leaf is committed to; a redacted one is no payload."""
    if entry.payload is None:
        return
    salt = bytes.fromhex(entry.salt or "")
    if payload_commitment(salt, canonical_bytes(entry.payload)) != entry.leaf.get("payload"):
        raise VerificationError(N_("entry {index}: its payload is not the one that was recorded"), index=entry.index)


def _export(here: Session, options: argparse.Namespace) -> int:
    name = here.run_named(options.run_name)
    data = here.service.log.bundle(name)
    output: Path = options.output or Path(f"{name.replace('/', '-')}.tar")
    _write_new(output, data)
    if options.json:
        put_json({"run": name, "file": str(output), "bytes": len(data)})
        return 0
    put(_("evidence of run {run}: {file}, {size} bytes").format(run=name, file=output, size=len(data)))
    put(_("verify it anywhere: twokey audit verify --bundle {file}").format(file=shlex.quote(str(output))))
    return 0


def _write_new(path: Path, data: bytes) -> None:
    """Write a private file that must not exist yet; nothing is left behind when it cannot be written whole."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            path.unlink()
            raise
    except FileExistsError as error:
        raise UsageError(
            N_("{path}: it exists already, and is not overwritten"),
            hint=N_("name another file with -o FILE"),
            path=str(path),
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(N_("{path}: cannot be written: {reason}"), path=str(path), reason=reason) from error
