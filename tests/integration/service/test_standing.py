"""Standing approvals over the interface: listed with their use, and with what ends soon."""

from __future__ import annotations

from runner.wire import api
from tests.desk_world import ALICE
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import asking


def test_one_is_listed_with_its_use_until_it_is_over(served: Served) -> None:
    world = served.world
    number = world.standing_approved(max_runs=2).number
    run = world.start(ALICE, number).run
    with asking(served.socket, world.clock) as somebody:
        (row,) = somebody.ask("GET", api.STANDING).json()["rows"]
        assert (row["request"]["number"], row["left"], row["soon"]) == (number, 1, True)
        assert [each["run"] for each in row["runs"]] == [run]
        world.revoke(ALICE, number)
        assert somebody.ask("GET", api.STANDING).json()["rows"] == []
        (over,) = somebody.ask("GET", api.STANDING + "?all=true").json()["rows"]
        assert over["request"]["state"] == "revoked"
        assert somebody.ask("GET", api.RUNS).json()["rows"][0]["standing"] is True
        assert somebody.ask("GET", api.RUNS + "?vendor=true").json()["rows"] == []
