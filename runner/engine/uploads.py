"""Content that was sent: taken apart, bounded, and derived anew; what its sender says about it is not believed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from runner.errors import UsageError
from runner.runbook.closure import Reach, reach_of
from runner.runbook.content_tree import Blob, BlobTree, is_content_path
from runner.wire.api import MAX_FILE, MAX_FILES
from runner.wire.api_content import UploadedFile
from runner.words import N_

_LONGEST_PATH: Final = 300


def reach_of_upload(runbook: str, files: Sequence[UploadedFile]) -> Reach:
    """What an uploaded runbook reaches, which must be exactly what was uploaded.

    Raises:
        UsageError: a path or a file will not do, or a file belongs to nothing the runbook reaches.
        InvalidContentError: with every problem of the runbook and of what it reaches; a missing file is one.
    """
    if len(files) > MAX_FILES:
        raise UsageError(N_("content: {got} files, at most {limit} fit"), got=len(files), limit=MAX_FILES)
    blobs: dict[str, Blob] = {}
    for file in files:
        _require_path(file.path, blobs)
        blobs[file.path] = Blob(_bytes(file), file.executable)
    reach = reach_of(BlobTree(blobs), runbook)
    for path in blobs:
        if path not in reach.blobs:
            raise UsageError(N_("content: {path} is not reached by {runbook}"), path=path, runbook=runbook)
    return reach


def _require_path(path: str, known: dict[str, Blob]) -> None:
    is_plain = is_content_path(path) and len(path) <= _LONGEST_PATH and all(letter.isprintable() for letter in path)
    if not is_plain:
        raise UsageError(N_('content: "{path}" is no path inside a site'), path=path[:_LONGEST_PATH])
    if path in known:
        raise UsageError(N_("content: {path} is given twice"), path=path)


def _bytes(file: UploadedFile) -> bytes:
    try:
        data = base64.b64decode(file.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(N_("content: {path} is not in base64"), path=file.path) from error
    if len(data) > MAX_FILE:
        raise UsageError(
            N_("content: {path} has {got} bytes, at most {limit} fit"), path=file.path, got=len(data), limit=MAX_FILE
        )
    return data
