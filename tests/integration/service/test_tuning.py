"""How expensive a password is, measured once and on record."""

from __future__ import annotations

from pathlib import Path

from runner.service.access.hashing import Hasher, Parameters
from runner.service.access.tuning import tune_passwords
from tests.desk_bureau import FixedClock
from tests.desk_world import make_world, opened_world

FOUND = Parameters(memory_cost=128, time_cost=3)


def test_it_is_measured_once_kept_and_on_record(tmp_path: Path) -> None:
    make_world(tmp_path)
    with opened_world(tmp_path) as world:
        site, state = world.site, world.state.root
    assert tune_passwords(site, state, FixedClock(), lambda: FOUND) == FOUND
    assert tune_passwords(site, state, FixedClock(), lambda: Parameters(64, 1)) == FOUND
    with opened_world(tmp_path) as world:
        assert world.tags().count("service:credential:tuned") == 1
        assert world.payload_of("service:credential:tuned") == {"memory_cost": 128, "time_cost": 3}
        assert "m=128,t=3" in Hasher(world.store, lambda: Parameters(64, 1)).hash("secret")
