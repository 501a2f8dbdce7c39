"""The page inside every evidence bundle; part of the bundle's form: never edited, only followed by a new one."""

from __future__ import annotations

from typing import Final

README: Final = """\
Twokey evidence bundle, form 1
==============================

This archive holds the log entries of one run, of its request, of the publication of its content, and the
first entries of the log, with everything needed to verify them. `twokey audit verify --bundle FILE` does
all of it; below is how to do it with other tools. Nothing here can prove that no entry was left out of
the bundle; attempts and events are numbered, so that a gap among them shows.

bundle.json        what this bundle is about
log.pub            verifier key of the log (C2SP vkey): compare it with the one you know
checkpoint         signed head of the log (C2SP signed note, tlog-checkpoint)
allowed_signers    the people of the log and their keys, for ssh-keygen
people.json        the same as JSON
statements/        what people signed (ID.json) and the signatures (ID.sig); ID is the SHA-256 of ID.json
entries.jsonl      one line per entry: its index, its hash, the salt of its payload, its inclusion proof
leaves.jsonl       on the same line: exactly the bytes that are hashed, without the newline
payloads.jsonl     on the same line: the details of the entry; an empty line when it has none

Statements: for each of them, with "person" and "kind" as they stand in ID.json:

    ssh-keygen -Y verify -f allowed_signers -I PERSON -n twokey.v1.KIND -s statements/ID.sig < statements/ID.json
    sha256sum statements/ID.json

Entries: the hash of the entry on line N (RFC 6962: SHA-256 over a zero byte and the leaf) is the "hash"
on line N of entries.jsonl:

    (printf '\\000'; sed -n Np leaves.jsonl | head -c -1) | sha256sum

Payloads: SHA-256 over the text "twokey.v1.payload", a zero byte, the length of the salt as one byte, the
salt, and the payload is the "payload" in the leaf. For a salt of 16 bytes:

    (printf 'twokey.v1.payload\\000\\020'; printf SALT | xxd -r -p; sed -n Np payloads.jsonl | head -c -1) | sha256sum

Inclusion: "proof" is the audit path of RFC 6962, section 2.1.1, from "index" to size and root in the
checkpoint; any implementation of Certificate Transparency or of C2SP tlog verifies it.

Checkpoint: lines one to three are the name of the log, the number of entries, and the root in base64. The
signature line holds, in base64, four bytes of key id and an Ed25519 signature over those three lines. The
key is the last 32 bytes of the base64 in log.pub.


证据包说明
==========

本归档包含一次执行任务、其变更申请、其内容发布以及日志最初几条日志条目，并附验证所需的全部材料。
使用 `twokey audit verify --bundle FILE` 可一次完成验证；也可按上文命令使用 ssh-keygen、sha256sum 等通用工具自行核对。
请将 log.pub 与您已知的日志公钥核对。证据包本身无法证明没有遗漏条目；步骤执行及其输出均连续编号，缺号即可发现。
"""  # noqa: RUF001 - Chinese is set with its own punctuation
