from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from runner.errors import StorageError
from runner.store import schema, sqlite
from runner.store.database import Database
from runner.store.people_tables import metadata
from runner.store.store import Store
from tests.stores import ANN, NOON, leaf, open_store


def raw(path: Path) -> Database:
    """A file without any preparation of its tables."""
    return Database(sqlite.open_writer(path), sqlite.open_readers(path), str(path))


def statements_of(connection: Connection) -> set[tuple[str, str, tuple[str, ...]]]:
    """Every table, index and trigger with the text that created it; blanks, quotes and the order of parts aside."""
    rows = connection.execute(text("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))
    return {(kind, name, tuple(sorted(_parts(sql)))) for kind, name, sql in rows}


def _parts(sql: str) -> list[str]:
    return "".join(sql.split()).replace('"', "").replace("))", ",").replace("(", ",").replace(")", ",").split(",")


def test_migrating_an_empty_database_gives_exactly_what_the_tables_declare(tmp_path: Path) -> None:
    migrated, declared = raw(tmp_path / "migrated.db"), raw(tmp_path / "declared.db")
    with migrated.writing() as connection:
        schema.migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        by_migration = statements_of(connection)
    with declared.writing() as connection:
        schema.create(connection, "")
        by_declaration = statements_of(connection)
    migrated.close()
    declared.close()
    assert by_migration == by_declaration
    assert {kind for kind, _, _ in by_migration} == {"table", "index", "trigger"}


def test_the_newest_migration_is_the_current_version() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert scripts.get_heads() == [schema.CURRENT]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_database_is_migrated_with_its_data(tmp_path: Path, version: str) -> None:
    old = raw(tmp_path / "twokey.db")
    with old.writing() as connection:
        schema.migrate(connection, to=version)
        connection.execute(
            text("INSERT INTO people (name, key, fingerprint) VALUES (:name, :key, :fingerprint)"),
            {"name": ANN.name, "key": ANN.key, "fingerprint": ANN.fingerprint},
        )
        assert schema.stored_version(connection) == version
    old.close()
    store = open_store(tmp_path)
    with store.writing() as transaction:
        assert transaction.founders.all() == (ANN,)
        transaction.inbox.put([leaf()])
    store.close()


def test_a_database_from_before_the_after_reviews_owes_none(tmp_path: Path) -> None:
    old = raw(tmp_path / "twokey.db")
    with old.writing() as connection:
        schema.migrate(connection, to="0003")
    old.close()
    store = open_store(tmp_path)
    with store.reading() as transaction:
        assert transaction.reviews.owed() == ()
    store.close()


def test_in_a_database_from_before_an_account_counts_as_used_at_its_last_statement(tmp_path: Path) -> None:
    old = raw(tmp_path / "twokey.db")
    when = [f"2026-11-2{day}T04:00:00.000000Z" for day in (1, 2, 3)]
    with old.writing() as connection:
        schema.migrate(connection, to="0005")
        for place, (person, at) in enumerate([("ann", when[0]), ("ann", when[2]), ("bob", when[1])]):
            connection.execute(
                text(
                    "INSERT INTO statements (id, kind, person, subject, nonce, recorded, bytes, signature) "
                    "VALUES (:id, 'apply', :person, 'log', :id, :at, x'00', 's')"
                ),
                {"id": str(place), "person": person, "at": at},
            )
        for place, (person, entered) in enumerate([("ann", 1), ("carol", 2), ("dave", None)]):
            connection.execute(
                text(
                    "INSERT INTO grants (number, kind, person, terms, reason, state, applicant, application, "
                    "applied_at, approver, decided_at, inspector, entered) "
                    "VALUES (:number, 'enrol', :person, '{}', 'x', 'checked', "
                    "'ann', '0', :at, 'bob', :at, '', :entered)"
                ),
                {"number": f"SQ-{place}", "person": person, "at": when[0], "entered": entered},
            )
    old.close()
    store = open_store(tmp_path)
    with store.reading() as transaction:
        used = {name: at.day for name, at in transaction.uses.before(NOON + timedelta(days=9)).items()}
    assert used == {"ann": 23, "bob": 22, "carol": 21}


def test_a_request_from_before_the_trials_states_none(tmp_path: Path) -> None:
    old = raw(tmp_path / "twokey.db")
    with old.writing() as connection:
        schema.migrate(connection, to="0005")
        connection.execute(text("INSERT INTO plans (digest, content, document) VALUES ('sha256:1', 'sha256:2', '{}')"))
        connection.execute(
            text(
                "INSERT INTO requests (number, revision, plan, content, runbook, title_en, title_zh, requester, reason,"
                " risk, state, at) VALUES ('BG-2026-0001', 1, 'sha256:1', 'sha256:2', 'x', 'x', 'x', 'ann', 'x',"
                " 'ordinary', 'used', '2026-11-23T02:00:00.000000Z')"
            )
        )
    old.close()
    store = open_store(tmp_path)
    with store.reading() as transaction:
        assert transaction.requests.get("BG-2026-0001").trial == 0
        assert transaction.results.find("BG-2026-0001/1") is None
    store.close()


@pytest.mark.parametrize("granted", [False, True])
def test_approvals_from_before_count_under_the_policy_in_force_then(tmp_path: Path, *, granted: bool) -> None:
    old = raw(tmp_path / "twokey.db")
    with old.writing() as connection:
        schema.migrate(connection, to="0005")
    old.close()
    source = "kind: Policy\n"
    with sqlite3.connect(tmp_path / "twokey.db") as database:
        database.execute("INSERT INTO installation VALUES ('policy', ?)", (source,))
        database.execute(
            "INSERT INTO approvals (request, plan, approver, statement, not_before, not_after, max_runs, used)"
            " VALUES ('BG-1', 'sha256:1', 'bob', 's', ?, ?, 1, 0)",
            ("2026-11-23T02:00:00.000000Z",) * 2,
        )
        for place in (3, 4) if granted else ():
            terms = json.dumps({"digest": f"sha256:{place}", "text": source})
            database.execute(
                "INSERT INTO grants (number, kind, person, terms, reason, state, applicant, application, applied_at,"
                " approver, inspector, entered)"
                " VALUES (?, 'set_policy', '', ?, '', 'granted', 'a', 's', ?, 'b', '', ?)",
                (f"SQ-{place}", terms, "2026-11-23T02:00:00.000000Z", place),
            )
    database.close()
    store = open_store(tmp_path)
    with store.reading() as transaction:
        (approval,) = transaction.approvals.of("BG-1")
        newest = transaction.grants.policy_in_force()
        assert transaction.grants.policies_to_come() == ()
    store.close()
    expected = "sha256:4" if granted else "sha256:" + hashlib.sha256(source.encode()).hexdigest()
    assert approval.policy == expected
    assert (newest.number if newest else "") == ("SQ-4" if granted else "")


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    old = raw(tmp_path / "twokey.db")
    with old.writing() as connection:
        schema.migrate(connection, to="0001")
        connection.execute(text("CREATE TABLE audit_tree (something TEXT)"))
        before = statements_of(connection)
    old.close()
    with pytest.raises(StorageError):
        open_store(tmp_path)
    again = raw(tmp_path / "twokey.db")
    with again.reading() as connection:
        assert statements_of(connection) == before
        assert schema.stored_version(connection) == "0001"
    again.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    newer = raw(tmp_path / "twokey.db")
    with newer.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer.close()
    for opening in (open_store, open_offline):
        with pytest.raises(StorageError) as refused:
            opening(tmp_path)
        assert refused.value.facts["stored"] == "9999"


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    other = raw(tmp_path / "twokey.db")
    with other.writing() as connection:
        connection.execute(text("CREATE TABLE songs (title TEXT)"))
    other.close()
    with pytest.raises(StorageError):
        open_store(tmp_path)


def test_opening_a_current_database_loads_no_migration_tool(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.stores import open_store\n"
        "open_store(Path(sys.argv[1])).close()\n"
        "print([name for name in ('alembic', 'mako', 'cryptography') if name in sys.modules])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    )
    assert told.stdout == "[]\n"


def open_offline(folder: Path) -> Store:
    from tests.stores import ORIGIN, SHANGHAI

    return Store.open_offline(folder / "twokey.db", zone=SHANGHAI, origin=ORIGIN)
