from __future__ import annotations

import re

from runner.model.log import ActorKind
from runner.rules.tags import Tag


def test_a_tag_reads_source_subject_action() -> None:
    sources = {kind.value for kind in ActorKind}
    for tag in Tag:
        assert re.fullmatch(r"[a-z]+:[a-z]+:[a-z_]+", tag), tag
        assert tag.split(":")[0] in sources, tag


def test_a_tag_fits_where_the_log_keeps_it() -> None:
    assert max(len(tag) for tag in Tag) < 128


def test_tags_that_have_been_written_are_never_renamed() -> None:
    written = {
        "person:genesis:signed",
        "person:request:approved",
        "person:run:decision_signed",
        "person:session:closed",
        "person:session:opened",
        "service:attempt:ended",
        "service:attempt:intended",
        "service:run:moved",
        "service:session:expired",
        "service:session:refused",
        "service:statement:refused",
        "shim:ansible:event",
    }
    assert written <= {tag.value for tag in Tag}
