"""The tables of people: founders, grants, what they sign in with, their sessions; beside those of `tables`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from runner.model.access import SessionEnd
from runner.model.grant import GrantKind, GrantState
from runner.model.policy import Strength
from runner.store.columns import BigId, Chosen, Instant
from runner.store.tables import metadata

__all__ = ["account_uses", "credentials", "founders", "grants", "metadata", "sessions"]

founders = Table(
    "founders",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
)

credentials = Table(
    "credentials",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("password", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("history", Text, nullable=False),
    Column("must_change", Boolean(create_constraint=False), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
)

account_uses = Table(
    "account_uses",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("used_at", Instant, nullable=False),
    Column("stopped_at", Instant),
    Index(None, "used_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", String(128), nullable=False),
    Column("strength", Chosen(Strength), nullable=False),
    Column("credential", String(64), nullable=False),
    Column("peer", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("reason", Chosen(SessionEnd)),
    Index(None, "person", "ended_at", "created"),
    Index(None, "ended_at", "last_seen"),
)

grants = Table(
    "grants",
    metadata,
    Column("place", BigId, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("kind", Chosen(GrantKind), nullable=False),
    Column("person", String(128), nullable=False),
    Column("terms", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Chosen(GrantState), nullable=False),
    Column("applicant", String(128), nullable=False),
    Column("application", String(64), ForeignKey("statements.id"), nullable=False),
    Column("applied_at", Instant, nullable=False),
    Column("approver", String(128), nullable=False),
    Column("approval", String(64)),
    Column("decided_at", Instant),
    Column("inspector", String(128), nullable=False),
    Column("inspection", String(64)),
    Column("inspected_at", Instant),
    Column("entered", BigInteger, unique=True),
    Column("in_force", BigInteger),
    Index(None, "state", "place"),
    Index(None, "person", "place"),
)
