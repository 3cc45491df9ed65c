"""A plugin that goes away, or comes back as another, changes no number in silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import AllocationResult, Explanation
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import do, gid
from tests.integration.policies.served import Desk, installed
from tests.unit.policies.registered import Tuning, rule

STATE = "active installed version unavailableReason"


def acme(version: str = "1.2") -> PolicyHost:
    """`acme` at a version: the first of two carries three quarters."""
    three_to_one = AllocationResult(children=(3, 1), explanation=Explanation("Three to one."))
    return installed(rule(lambda _: three_to_one, parameters=Tuning), version=version)


async def planned(floor: Floor) -> str:
    """A plan of revenue for 2026; its id."""
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    made = await do(
        floor, "createPlan", "plan { id }", name="Plan", metricId=gid("Metric", metric["id"]), fiscalYear=2026
    )
    plan_id: str = made["plan"]["id"]
    return plan_id


DECOMPOSE = """mutation ($input: DecomposeTargetInput!) { decomposeTarget(input: $input) {
    units { name yearTarget } errors { code message }
} }"""


async def decompose(floor: Floor, host: PolicyHost, plan_id: str) -> Any:
    """Split 800.00 of the company among East and West by the policy of the company."""
    desk = Desk(floor, host)
    values = {"planId": plan_id, "orgUnitId": gid("OrgUnit", floor.units["acme"]), "target": "800", "levels": 1}
    found = (await desk.ask(DECOMPOSE, input=values))["decomposeTarget"]
    if found["errors"]:
        return found["errors"][0]
    return [unit["yearTarget"] for unit in found["units"]]


async def switched_on(database: Database) -> tuple[Floor, str]:
    floor = await furnish(database)
    await Desk(floor, acme()).switch("acme.rule", ordinal=-1)
    return floor, await planned(floor)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (installed(), "its plugin 'acme' is not installed"),
        (installed(rule(key="other")), "the plugin 'acme' that is installed has no such policy"),
        (installed(put_aside="cannot be imported"), "its plugin 'acme' is put aside: cannot be imported"),
        (acme("2.0"), "it was set with version 1.2 of its plugin, and 2.0 is installed, which may decide otherwise"),
    ],
)
async def test_a_policy_that_cannot_be_asked_is_told_and_replaced_by_nobody(
    database: Database, host: PolicyHost, reason: str
) -> None:
    """Even split is on as well, and does not step in: 800.00 is split by nobody until an admin decides."""
    floor, plan_id = await switched_on(database)
    await Desk(floor, host).switch("allocation.even", ordinal=0)
    found = await Desk(floor, host).policy("acme.rule", f"{STATE} settings {{ unavailableReason }}")
    assert found["active"] is True
    assert reason in found["unavailableReason"]
    assert reason in found["settings"][0]["unavailableReason"]
    error = await decompose(floor, host, plan_id)
    assert error["code"] == "POLICY_UNAVAILABLE"
    assert f"acme.rule is switched on and cannot be asked: {reason}" in error["message"]
    assert await floor.rows("SELECT id FROM target_cell") == []


async def test_a_minor_version_goes_on(database: Database) -> None:
    """1.2 became 1.9: the policy is asked, and the result names the version that decided."""
    floor, plan_id = await switched_on(database)
    assert await decompose(floor, acme("1.9"), plan_id) == ["800.00", "600.00", "200.00"]
    assert (await floor.one("SELECT plugin_version FROM decomposition"))["plugin_version"] == "1.9"


async def test_setting_a_policy_again_accepts_the_new_major_version(database: Database) -> None:
    """An admin who switches it on again under 2.0 has decided; from then on it is asked."""
    floor, plan_id = await switched_on(database)
    assert (await decompose(floor, acme("2.0"), plan_id))["code"] == "POLICY_UNAVAILABLE"
    assert await Desk(floor, acme("2.0")).switch("acme.rule") == []
    assert await decompose(floor, acme("2.0"), plan_id) == ["800.00", "600.00", "200.00"]


async def test_a_policy_that_is_gone_can_be_switched_off_and_not_on(database: Database) -> None:
    """Off lets the next policy decide; on needs the plugin."""
    floor, plan_id = await switched_on(database)
    gone = Desk(floor, installed())
    await gone.switch("allocation.even", ordinal=0)
    assert await gone.switch("acme.rule") == ["UNKNOWN_POLICY at policy"]
    assert await gone.switch("acme.rule", active=False) == []
    assert await decompose(floor, installed(), plan_id) == ["800.00", "400.00", "400.00"]


async def test_the_history_of_a_removed_plugin_stays_readable(database: Database) -> None:
    """Its settings, who made them, and what it decided, in its own words, are there without it; for admins alone."""
    floor, plan_id = await switched_on(database)
    await decompose(floor, acme(), plan_id)
    gone = Desk(floor, installed())
    fields = "installed version settings { parameters pluginVersion } history { actor after }"
    found = await gone.policy("acme.rule", fields)
    assert found["installed"] is False
    assert found["version"] is None
    assert found["settings"] == [{"parameters": {"share": "0.5", "steps": []}, "pluginVersion": "1.2"}]
    assert found["history"][0]["after"]["revision"] == 1
    keys = [one["key"] for one in (await Desk(floor, installed(), "hal").ask("{ policies { key } }"))["policies"]]
    assert "allocation.even" in keys
    assert "acme.rule" not in keys
    query = (
        "{ plans { versions { decompositions {"
        " plugin pluginVersion policy parameters settingRevision explanation orgUnit { name } } } } }"
    )
    (version,) = (await gone.ask(query))["plans"][0]["versions"]
    assert version["decompositions"] == [
        {
            "plugin": "acme",
            "pluginVersion": "1.2",
            "policy": "acme.rule",
            "parameters": {"share": "0.5", "steps": []},
            "settingRevision": 1,
            "explanation": {"text": "Three to one.", "values": [], "items": []},
            "orgUnit": {"name": "Acme"},
        }
    ]


async def test_admins_and_operators_see_what_is_put_aside(database: Database) -> None:
    """The list of plugins names the reason; members are told that it is not for them."""
    floor = await furnish(database)
    host = installed(put_aside="cannot be imported")
    query = "{ plugins { name state reason builtIn policies } }"
    rows = (await Desk(floor, host).ask(query))["plugins"]
    assert rows[0] == {
        "name": "acme",
        "state": "PUT_ASIDE",
        "reason": "cannot be imported",
        "builtIn": False,
        "policies": [],
    }
    assert rows[1]["name"] == "allocation"
    assert (rows[1]["state"], rows[1]["builtIn"]) == ("IN_SERVER", True)
    with pytest.raises(AssertionError, match="needs an admin"):
        await Desk(floor, host, "hal").ask(query)


class Meddling(PolicyHost):
    """A host that switches something while a policy thinks, once."""

    def meddle(self, desk: Desk, policy: str, **input: Any) -> None:
        """What to switch, and by whom."""
        self.switch: Any = lambda: desk.switch(policy, **input)

    async def ask(self, *arguments: Any, **options: Any) -> Any:
        """Switch, then ask."""
        switch, self.switch = self.switch, None
        if switch is not None:
            assert await switch() == []
        return await super().ask(*arguments, **options)


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"policy": "acme.rule", "active": False}, "POLICY_OFF"),
        ({"policy": "allocation.even", "ordinal": -9}, ["800.00", "400.00", "400.00"]),
        ({"policy": "acme.rule", "ordinal": -1, "parameters": {"share": "0.1"}}, ["800.00", "600.00", "200.00"]),
    ],
)
async def test_what_is_switched_while_a_policy_thinks_counts(
    database: Database, input: dict[str, Any], expected: object
) -> None:
    """Set days ago, switched in the middle: off, another one before it, or with other parameters; never by the old."""
    floor, plan_id = await switched_on(database)
    later = timedelta(days=6)
    host = Meddling(acme().discovery)
    host.meddle(Desk(floor, acme(), later=later), **input)
    values = {"planId": plan_id, "orgUnitId": gid("OrgUnit", floor.units["acme"]), "target": "800", "levels": 1}
    found = (await Desk(floor, host, later=later).ask(DECOMPOSE, input=values))["decomposeTarget"]
    if found["errors"]:
        assert (found["errors"][0]["code"], await floor.rows("SELECT id FROM target_cell")) == (expected, [])
        return
    assert [unit["yearTarget"] for unit in found["units"]] == expected
    (stored,) = await floor.rows("SELECT policy, setting_revision, parameters->>'share' AS share FROM decomposition")
    latest = await floor.one("SELECT max(revision) AS revision FROM policy_setting WHERE policy = $1", stored["policy"])
    assert (stored["policy"], stored["setting_revision"]) == (input["policy"], latest["revision"])
    assert stored["share"] == input.get("parameters", {}).get("share")
