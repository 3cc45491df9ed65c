"""What an admin sets: from when to when, with which parameters, in which order, and who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quotaloom.platform.database import Database
from tests.integration.funnels.floors import furnish
from tests.integration.policies.served import Desk, installed
from tests.unit.policies.registered import Tuning, rule

HOST = installed(rule(parameters=Tuning))
SETTINGS = "active settings { revision active parameters ordinal validFrom validTo pluginVersion changedBy }"


async def test_a_form_can_be_drawn_without_knowing_the_plugin(database: Database) -> None:
    """Title, description, JSON Schema with defaults and bounds, needs and version are in the graph."""
    desk = Desk(await furnish(database), HOST)
    found = await desk.policy("acme.rule", "kind title description plugin version needs parametersSchema active")
    schema = found.pop("parametersSchema")
    assert found == {
        "kind": "allocation",
        "title": "Title",
        "description": "Words.",
        "plugin": "acme",
        "version": "1.2",
        "needs": [],
        "active": False,
    }
    assert schema["properties"]["share"]["default"] == "0.5"
    assert schema["properties"]["share"]["description"] == "A share."


async def test_a_setting_keeps_parameters_with_defaults_filled_in(database: Database) -> None:
    """The share that is given and the steps that are not; the first day is today, the end is open."""
    desk = Desk(await furnish(database), HOST)
    assert await desk.switch("acme.rule", parameters={"share": "0.25"}, ordinal=-5) == []
    assert await desk.policy("acme.rule", SETTINGS) == {
        "active": True,
        "settings": [
            {
                "revision": 1,
                "active": True,
                "parameters": {"share": "0.25", "steps": []},
                "ordinal": -5,
                "validFrom": "2026-06-01",
                "validTo": None,
                "pluginVersion": "1.2",
                "changedBy": "ada",
            }
        ],
    }


@pytest.mark.parametrize(
    ("input", "problem"),
    [
        ({"parameters": {"share": "2"}}, "INVALID_PARAMETERS at parameters.share"),
        ({"parameters": {"share": "\x00"}}, "INVALID_PARAMETERS at parameters.share"),
        ({"parameters": {"shares": "1"}}, "INVALID_PARAMETERS at parameters.shares"),
        ({"parameters": ["0.5"]}, "INVALID_PARAMETERS at parameters"),
        ({"parameters": {"steps": [13]}}, "POLICY_FAILED at policy"),
        ({"policy": "acme.ruler"}, "UNKNOWN_POLICY at policy"),
        ({"validTo": "2026-06-01"}, "BAD_RANGE at validTo"),
        ({"validFrom": "0001-01-01"}, "BAD_PERIOD at validFrom"),
        ({"policy": "allocation.even", "active": False}, "POLICY_ESSENTIAL at active"),
        ({"policy": "allocation.even", "validTo": "2027-01-01"}, "POLICY_ESSENTIAL at validTo"),
    ],
)
async def test_what_makes_no_sense_is_told_and_changes_nothing(
    database: Database, input: dict[str, object], problem: str
) -> None:
    """Parameters the model refuses, days that do not fit, policies that are not there or must stay on."""
    floor = await furnish(database)
    assert await Desk(floor, HOST).switch(**{"policy": "acme.rule", **input}) == [problem]  # type: ignore[arg-type]
    assert await floor.rows("SELECT policy FROM policy_setting") == []


async def test_only_who_may_change_settings_switches(database: Database) -> None:
    """Hal heads East, and is told that switching needs an admin; he sees policies without their settings."""
    floor = await furnish(database)
    await Desk(floor, HOST).switch("acme.rule")
    hal = Desk(floor, HOST, "hal")
    with pytest.raises(AssertionError, match="switching a policy"):
        await hal.switch("acme.rule", active=False)
    assert await hal.policy("acme.rule", f"{SETTINGS} history {{ actor }} viewerCan {{ switch }}") == {
        "active": True,
        "settings": [],
        "history": [],
        "viewerCan": {"switch": False},
    }


async def test_a_change_from_a_later_day_counts_from_that_day(database: Database) -> None:
    """Off until 9 June, on from the 10th: on the 9th the policy is off, on the 10th on."""
    floor = await furnish(database)
    assert await Desk(floor, HOST).switch("acme.rule", validFrom="2026-06-10") == []
    for days, active in ((0, False), (8, False), (9, True)):
        desk = Desk(floor, HOST, later=timedelta(days=days))
        assert (await desk.policy("acme.rule", "active")) == {"active": active}, desk.today


async def test_a_change_cuts_what_was_in_force_and_rewrites_nothing(database: Database) -> None:
    """On from the 1st, other parameters from the 5th, off from the 8th: three ranges that meet."""
    floor = await furnish(database)
    for days, active, share in ((0, True, "0.1"), (4, True, "0.2"), (7, False, None)):
        given = {} if share is None else {"parameters": {"share": share}}
        assert await Desk(floor, HOST, later=timedelta(days=days)).switch("acme.rule", active, **given) == []
    fields = "settings { revision active parameters validFrom validTo }"
    found = await Desk(floor, HOST, later=timedelta(days=9)).policy("acme.rule", fields)
    told = [
        (one["revision"], one["active"], one["parameters"]["share"], one["validFrom"], one["validTo"])
        for one in found["settings"]
    ]
    assert told == [
        (1, True, "0.1", "2026-06-01", "2026-06-05"),
        (2, True, "0.2", "2026-06-05", "2026-06-08"),
        (3, False, "0.2", "2026-06-08", None),
    ]


async def test_what_was_in_force_before_today_stays(database: Database) -> None:
    """A policy that was never set may begin in the past; once it is set, no day before today is changed."""
    floor = await furnish(database)
    assert await Desk(floor, HOST).switch("acme.rule", validFrom="2026-01-01") == []
    desk = Desk(floor, HOST, later=timedelta(days=5))
    assert await desk.switch("acme.rule", active=False, validFrom="2026-06-05") == ["PAST_DAY at validFrom"]
    assert await desk.switch("acme.rule", active=False, validFrom="2026-06-06") == []


async def test_a_change_before_a_later_setting_must_end_by_then(database: Database) -> None:
    """There is a setting from the 10th: today's change ends by the 10th, or is refused."""
    desk = Desk(await furnish(database), HOST)
    await desk.switch("acme.rule", validFrom="2026-06-10")
    assert await desk.switch("acme.rule") == ["LATER_SETTING at validTo"]
    assert await desk.switch("acme.rule", validTo="2026-06-10") == []
    assert await desk.switch("acme.rule", active=False, validTo="2026-06-05") == ["SETTING_CONTINUES at validTo"]


async def test_the_history_tells_who_changed_what_with_before_and_after(database: Database) -> None:
    """A correction of the same day takes the place of what it corrects; the history has both."""
    desk = Desk(await furnish(database), HOST)
    await desk.switch("acme.rule", parameters={"share": "0.1"})
    await desk.switch("acme.rule", parameters={"share": "0.2"})
    found = await desk.policy("acme.rule", "settings { revision } history { at actor before after }")
    assert found["settings"] == [{"revision": 2}]
    latest, first = found["history"]
    assert first["before"] == []
    assert [one["parameters"]["share"] for one in latest["before"]] == ["0.1"]
    for entry, revision, share in ((first, 1, "0.1"), (latest, 2, "0.2")):
        assert entry["actor"] == "ada"
        assert entry["at"].startswith("2026-06-01T12:00")
        assert (entry["after"]["revision"], entry["after"]["parameters"]["share"]) == (revision, share)


async def test_a_later_setting_can_be_done_away_with(database: Database) -> None:
    """Planned for 10 June and from 1 July on; today's change replaces both, and the history still has them."""
    desk = Desk(await furnish(database), HOST)
    await desk.switch("acme.rule", parameters={"share": "0.1"}, validFrom="2026-06-10")
    await desk.switch("acme.rule", active=False, validFrom="2026-07-01")
    assert await desk.switch("acme.rule") == ["LATER_SETTING at validTo"]
    assert await desk.switch("acme.rule", parameters={"share": "0.3"}, replaceLater=True) == []
    found = await desk.policy("acme.rule", "settings { revision validFrom validTo } history { before after }")
    assert found["settings"] == [{"revision": 3, "validFrom": "2026-06-01", "validTo": None}]
    assert [one["revision"] for one in found["history"][0]["before"]] == [1, 2]
