"""Simulations through the graph: asked for by admins, followed, and seen by nobody else."""

from __future__ import annotations

from quotaloom.incentives.simulating import simulate
from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.integration.graph.asking import ask, do, gid
from tests.integration.graph.test_incentives import sold

SHOWN = """id title status grain startsOn endsOn progress { done total } viewerCan { edit }
    changes { key policy parameters remove orgUnit { name } group { name } }
    result {
        currency now then difference members winners losers unchanged movedOn
        periods { period members now then difference paid carriedNow carriedThen advancedNow advancedThen }
        biggestWinners { member { name } now then difference } biggestLosers { member { name } }
        histogram { from to members }
        percentilesNow { p10 p50 p90 } percentilesThen { p90 } percentilesDifference { p10 p50 p90 }
        failures { member { name } period side text }
    }"""

PAGE = f"{{ incentiveSimulations {{ totalCount nodes {{ {SHOWN} }} }} }}"


async def test_an_admin_sees_what_a_rule_would_cost_before_it_is_set(database: Database) -> None:
    """10 percent in the east on top of tiers of 5: Ann's 1,000 of March give 50 now and 150 then, Cem's 2,000 give 100.

    Of five members one wins; the policy is on for the company, but no rule names it.
    """
    payroll, floor = await sold(database)
    change = {"key": "extra", "policy": "pay.rate", "parameters": {"percent": "10"}}
    east = {**change, "orgUnitId": gid("OrgUnit", floor.units["east"])}
    asked = {"changes": [east], "first": "2026-03", "last": "2026-04", "title": "Extra", "bounds": ["50"]}
    payload = await do(floor, "simulateIncentives", f"incentiveSimulation {{ {SHOWN} }}", "ada", **asked)
    started = payload["incentiveSimulation"]
    assert (started["status"], started["result"], started["viewerCan"]) == ("WAITING", None, {"edit": True})
    await simulate(payroll.work, payroll.host, split_id(started["id"])[1])
    (found,) = (await ask(floor, PAGE, "ada"))["incentiveSimulations"]["nodes"]
    assert (found["status"], found["progress"], found["title"]) == ("DONE", {"done": 8, "total": 8}, "Extra")
    assert (found["startsOn"], found["endsOn"], found["grain"]) == ("2026-03-01", "2026-05-01", "MONTH")
    (rule,) = found["changes"]
    assert (rule["key"], rule["policy"], rule["orgUnit"], rule["group"]) == (
        "extra",
        "pay.rate",
        {"name": "East"},
        None,
    )
    result = found["result"]
    assert (result["currency"], result["now"], result["then"]) == ("CNY", "150.00", "250.00")
    assert (result["difference"], result["movedOn"], result["failures"]) == ("100.00", False, [])
    march, april = result["periods"]
    assert (march["period"], march["now"], march["then"], march["paid"]) == ("2026-03", "150.00", "250.00", None)
    assert (april["difference"], april["members"], april["carriedThen"]) == ("0.00", 5, "0.00")
    assert (result["members"], result["winners"], result["losers"], result["unchanged"]) == (5, 1, 0, 4)
    ann = {"member": {"name": "Ann"}, "now": "50.00", "then": "150.00", "difference": "100.00"}
    assert (result["biggestWinners"], result["biggestLosers"]) == ([ann], [])
    below, above = {"from": None, "to": "50.00", "members": 4}, {"from": "50.00", "to": None, "members": 1}
    assert result["histogram"] == [below, above]
    # Now 0, 0, 0, 50 and 100: the third of five is the median, the fifth the 90th percentile.
    assert result["percentilesNow"] == {"p10": "0.00", "p50": "0.00", "p90": "100.00"}
    assert result["percentilesThen"] == {"p90": "150.00"}
    assert result["percentilesDifference"] == {"p10": "0.00", "p50": "0.00", "p90": "100.00"}


async def test_nobody_but_who_sees_everything_sees_a_simulation(database: Database) -> None:
    """Hal, who heads the east, finds none, and is not found one by its id; he may not ask for one either."""
    _, floor = await sold(database)
    change = {"key": "extra", "policy": "pay.rate"}
    payload = await do(floor, "simulateIncentives", "incentiveSimulation { id }", "ada", changes=[change])
    id = payload["incentiveSimulation"]["id"]
    assert (await ask(floor, PAGE, "hal"))["incentiveSimulations"] == {"totalCount": 0, "nodes": []}
    assert await ask(floor, "query ($id: ID!) { node(id: $id) { id } }", "hal", id=id) == {"node": None}
    assert (await ask(floor, "{ viewer { can { payIncentives } } }", "hal"))["viewer"]["can"]["payIncentives"] is False
    removed = await do(floor, "removeIncentiveSimulation", "incentiveSimulation { id }", "ada", id=id)
    assert removed == {"incentiveSimulation": None, "errors": []}
