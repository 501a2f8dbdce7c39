"""Every query a screen makes finds what it shows by an index, on tables as large as after years."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from runner.model.log import LogFilter
from runner.model.request import PublicationState, RequestState
from runner.model.run import RunState
from runner.store.store import Store, Transaction
from tests.stores import NOON, digest, open_store, people_world

MANY = 20_000
SCREENS: dict[str, Callable[[Transaction], object]] = {
    "requests": lambda transaction: transaction.requests.page(50, before="BG-2026-0001"),
    "requests by state": lambda transaction: transaction.requests.page(
        50, states=[RequestState.SUBMITTED], before="BG-2026-0001"
    ),
    "requests of a page of runs": lambda transaction: transaction.requests.find_all(["BG-2026-0001", "BG-2026-0002"]),
    "requests overdue": lambda transaction: transaction.requests.overdue([RequestState.APPROVED], NOON),
    "requests that stand": lambda transaction: transaction.requests.standing([RequestState.APPROVED]),
    "result": lambda transaction: transaction.results.find("BG-2026-0009/1"),
    "trials that are over": lambda transaction: transaction.results.over(NOON - timedelta(days=9)),
    "runs": lambda transaction: transaction.runs.page(50, before="BG-2026-0001/1"),
    "runs by state": lambda transaction: transaction.runs.page(50, states=[RunState.RUNNING]),
    "runs of a request": lambda transaction: transaction.runs.page(50, request="BG-2026-0001"),
    "runs in progress": lambda transaction: transaction.runs.in_states([RunState.AT_GATE]),
    "runs in progress, counted": lambda transaction: transaction.runs.count([RunState.AT_GATE]),
    "run": lambda transaction: transaction.runs.find("BG-2026-0001/1"),
    "statements of a request": lambda transaction: transaction.statements.of("BG-2026-0001"),
    "statement": lambda transaction: transaction.statements.find("00"),
    "nonce": lambda transaction: transaction.statements.has_nonce("00"),
    "publications": lambda transaction: transaction.publications.page(50, before=digest("1")),
    "publications by state": lambda transaction: transaction.publications.page(50, states=[PublicationState.PROPOSED]),
    "runbooks": lambda transaction: transaction.publications.newest_of_each(),
    "newest publication": lambda transaction: transaction.publications.find_newest("restart"),
    "file of a publication": lambda transaction: transaction.publications.runbooks_with("00"),
    "open acts": lambda transaction: transaction.acts.open(),
    "open acts of a run": lambda transaction: transaction.acts.open_of("BG-2026-0001/1"),
    "reviews owed": lambda transaction: transaction.reviews.owed(),
    "reviews overdue": lambda transaction: transaction.reviews.overdue(NOON),
    "reviews overdue of a unit": lambda transaction: transaction.reviews.overdue_of("dba", NOON),
    "review of a run": lambda transaction: transaction.reviews.find("BG-2026-0001/1"),
    "reviews of a request": lambda transaction: transaction.reviews.of_request("BG-2026-0001"),
    "attempts without end": lambda transaction: transaction.attempts.unended(),
    "shims of a run": lambda transaction: transaction.shims.of("BG-2026-0001/1"),
    "shims without end": lambda transaction: transaction.shims.unended(),
    "locks of a run": lambda transaction: transaction.locks.of("BG-2026-0001/1"),
    "log": lambda transaction: transaction.log.page(50, before=10),
    "log of a run": lambda transaction: transaction.log.page(50, LogFilter(run="r"), before=10),
    "log of a request": lambda transaction: transaction.log.page(50, LogFilter(request="r"), before=10),
    "log by tag": lambda transaction: transaction.log.page(50, LogFilter(tag="t"), before=10),
    "log by actor": lambda transaction: transaction.log.page(50, LogFilter(actor="a"), before=10),
    "log of a run by tag": lambda transaction: transaction.log.page(50, LogFilter(run="r", tag="t")),
    "event stream": lambda transaction: transaction.log.after(10, 50),
    "event stream of a run": lambda transaction: transaction.log.after(10, 50, LogFilter(run="r")),
    "log since": lambda transaction: transaction.log.find_since(NOON),
    "log entry": lambda transaction: transaction.log.at(10),
    "log waiting": lambda transaction: transaction.inbox.waiting(),
    "checkpoint": lambda transaction: transaction.tree.newest_checkpoint(),
    "session of a token": lambda transaction: transaction.sessions.find("00"),
    "sessions of a person": lambda transaction: transaction.sessions.open_of("ann"),
    "sessions that rest": lambda transaction: transaction.sessions.unused_since(NOON),
    "tile": lambda transaction: transaction.tree.tile(0, 10),
}
COPY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
COPIES = (
    (
        "INSERT INTO requests SELECT NULL, number || '-' || i, revision, plan, content, runbook, title_en, title_zh, "
        "requester, reason, risk, CASE WHEN i % 9 THEN 'used' ELSE 'rejected' END, window_opens, window_closes, at, "
        "NULL, CASE WHEN i % 9 THEN NULL ELSE at END, 1 "
        "FROM n, (SELECT * FROM requests LIMIT 1)"
    ),
    (
        "INSERT INTO runs SELECT NULL, number || '/1', 'change', number, plan, 'closed', 1, 'ann', 'bob', at, NULL, "
        "NULL, NULL, NULL, '{}', NULL, NULL FROM requests WHERE id > 1"
    ),
    (
        "INSERT INTO statements SELECT NULL, 'id' || i, kind, person, 'subject' || i, 'nonce' || i, recorded, bytes, "
        "signature FROM n, (SELECT * FROM statements LIMIT 1)"
    ),
    (
        "INSERT INTO publications SELECT NULL, digest || i, 'runbook' || (i % 99), i, state, author, countersigner, "
        "at, content FROM n, (SELECT * FROM publications LIMIT 1)"
    ),
    (
        "INSERT INTO sessions SELECT 's' || i, 't' || i, 'person' || (i % 99), 'key', '', 'uid:1', at, at, at, "
        "CASE WHEN i % 9 THEN at END, NULL FROM n, (SELECT at FROM requests LIMIT 1)"
    ),
    "INSERT INTO published_files SELECT 'sha' || id, id FROM publications",
    "INSERT INTO shims SELECT 'shim' || place, id, 'f', 1, 1, 'b', created_at, created_at FROM runs",
    (
        "INSERT INTO attempts SELECT NULL, id, 1, 's', 'do', 1, 'succeeded', 1, '[]', created_at, created_at, NULL, "
        "NULL, '{}', '{}', '', 0, 'shim' || place FROM runs"
    ),
    (
        "INSERT INTO reviews SELECT NULL, id, request, 'unit' || (place % 9), 'ann', 'ann', 'bob', created_at, "
        "created_at, 'done', NULL, NULL, '', '{}', 0 FROM runs"
    ),
    (
        "INSERT INTO results SELECT NULL, id, request, CASE WHEN place % 9 THEN NULL ELSE created_at END, NULL, "
        "CASE WHEN place % 9 THEN created_at END, '{}' FROM runs"
    ),
    "INSERT INTO acts SELECT NULL, 'gate', id, '{}', 'd', 'done', created_at, NULL FROM runs",
    (
        "INSERT INTO act_signatures SELECT NULL, acts.id, 'ann', statements.id, opened_at FROM acts, statements "
        "WHERE statements.place = 1"
    ),
    "INSERT INTO audit_checkpoints SELECT i, x'00', x'00' FROM n",
    "INSERT INTO audit_tiles SELECT 0, i, x'00' FROM n",
)
SMALL = {"people", "account_uses", "host_locks", "audit_tree", "alembic_version"}
"""Tables that stay small; reading them whole is right."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose tables are large for the planner: it decides by the figures ANALYZE found."""
    store = open_store(tmp_path_factory.mktemp("large"))
    people_world(store)
    with store._database.writing() as connection:
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
                "INSERT INTO audit_inbox (leaf) SELECT 'leaf' FROM n"
            ),
            {"many": MANY},
        )
        connection.execute(
            text(
                "INSERT INTO audit_entries (position, inbox, tag, run, request, actor, occurred) SELECT id - 1, id, "
                "'tag' || (id % 50), 'run' || (id % 999), 'request' || (id % 499), 'actor' || (id % 9), "
                "'2026-11-23T04:00:00.' || printf('%06d', id) || 'Z' FROM audit_inbox"
            )
        )
        connection.execute(text("INSERT INTO audit_tree VALUES ('tree', :many, :many, x'')"), {"many": MANY})
        for copy in COPIES:
            connection.execute(text(COPY + copy))
        connection.execute(text("ANALYZE"))
    yield store
    store.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_reads_by_index(large: Store, screen: str) -> None:
    queries: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, sql: str, parameters: tuple[object, ...], *_: object) -> None:
        queries.append((sql, parameters))

    reader = large._database._reader
    event.listen(reader, "before_cursor_execute", note)
    try:
        with large.reading() as transaction:
            SCREENS[screen](transaction)
    finally:
        event.remove(reader, "before_cursor_execute", note)
    looked = [(sql, parameters) for sql, parameters in queries if sql.startswith("SELECT")]
    assert looked
    with large._database.reading() as connection:
        for sql, parameters in looked:
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters):
                assert _is_by_index(step.detail, sql), f"{step.detail}: {sql}"


def _is_by_index(step: str, sql: str) -> bool:
    """Whether a step of a plan looks things up; so does walking an index in order, to stop after a page.

    Sorting is right for what is shown whole; of what is shown in pages it would touch every row.
    """
    if step.startswith("USE TEMP B-TREE"):
        return "LIMIT" not in sql
    if step.startswith("SCAN"):
        is_walk = "ORDER BY" in sql and "LIMIT" in sql and "WHERE" not in sql
        return "USING" in step or step.split()[1] in SMALL or is_walk
    return True


def test_a_query_without_index_would_be_noticed(large: Store) -> None:
    with large._database.reading() as connection:
        sql = "SELECT id FROM requests WHERE reason = 'x' ORDER BY at LIMIT 1"
        steps = [step.detail for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert [_is_by_index(step, sql) for step in steps] == [False, False]
