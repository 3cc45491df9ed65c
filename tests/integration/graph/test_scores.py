"""Scores of units and members, defined and asked through the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from quotaloom.achievements.ledger import Credit, EntrySource, Posting, append
from quotaloom.metrics.commands import NewMetric, define_metric
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan
from tests.founding import at
from tests.integration.graph.planned import answer, noon, of_member, of_unit, refusal
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1"]}
HOLDERS = {"E 1": "Ann", "E 2": "Bo", "W 1": "Cy"}
MARCH, END = date(2017, 3, 10), date(2017, 12, 31)

BALANCED = """key: "balanced", name: "Balanced", components: [{ metric: "revenue", weight: 3 },
    { metric: "complaints", weight: 1 }, { metric: "visits", weight: "2.00", cap: "1.2" }]"""

MADE = "mutation { defineScore(input: { %s }) { score { id } errors { path code } } }"

VALUE = 'score(key: "balanced", period: "2017-03") { value components { metric { key } rate contribution } }'


async def metric(planning: Planning, key: str) -> int:
    async with planning.work.snapshot() as snapshot:
        (row,) = await metrics_by_key(snapshot, [key])
    return int(row["id"])


async def aim(planning: Planning, key: str, targets: Mapping[str, int]) -> None:
    """Publish targets of March, in minor units, by unit."""
    plan_id = await create_plan(planning.work, key, await metric(planning, key), 2017)
    cells = [CellChange(planning.units[unit], "2017-03", {"target": target}) for unit, target in targets.items()]
    await set_target_cells(planning.work, plan_id, cells)
    await publish_plan(planning.work, plan_id)


async def achieve(planning: Planning, key: str, unit: str, amount: int) -> None:
    """Post to a position in March, in minor units."""
    posting = Posting(
        metric_id=await metric(planning, key),
        amount=amount,
        currency=None,
        business_date=MARCH,
        source=EntrySource.ORDER,
        source_key=key,
        idempotency_key=f"{key} {unit}",
        credits=(Credit(planning.units[unit], Fraction(1)),),
    )
    work = at(planning.work, noon(MARCH))
    await work.write(lambda transaction: append(transaction, work.company, [posting]))


async def scored(database: Database) -> Planning:
    """East, and Ann's E 1 which is all of it: 200.00 of 300.00, 8 complaints of 10, 15 visits of 10. West's W 1 has no
    target of revenue, and 25 complaints of 10."""
    planning = await plan_for(database, TREE, holders=HOLDERS)
    complaints = NewMetric("complaints", "Complaints", "count", lower_is_better=True, measured_by="The help desk")
    await define_metric(planning.work, complaints)
    await aim(planning, "revenue", {"East": 300_00, "E 1": 300_00})
    await aim(planning, "complaints", {"East": 10, "E 1": 10, "W 1": 10})
    await aim(planning, "visits", {"East": 10, "E 1": 10, "W 1": 10})
    for key, unit, amount in (
        *(("revenue", "E 1", 200_00), ("complaints", "E 1", 8), ("visits", "E 1", 15)),
        *(("revenue", "W 1", 200_00), ("complaints", "W 1", 25), ("visits", "W 1", 9)),
    ):
        await achieve(planning, key, unit, amount)
    made = (await answer(planning, MADE % BALANCED)).data["defineScore"]
    assert made["errors"] == []
    return planning


def told(score: dict[str, Any]) -> tuple[str | None, list[tuple[str, str | None, str | None]]]:
    parts = [(one["metric"]["key"], one["rate"], one["contribution"]) for one in score["components"]]
    return score["value"], parts


async def test_a_score_is_exact_and_shows_what_it_is_made_of(database: Database) -> None:
    """(3 × 2/3 + 1 × 1.2 + 2 × 1.2) ÷ 6 is 0.933333, of the team, of its position and of its holder."""
    planning = await scored(database)
    parts = [("revenue", "0.666667", "0.666667"), ("complaints", "0.800000", "1.200000")]
    expected = ("0.933333", [*parts, ("visits", "1.500000", "1.200000")])
    for unit in ("East", "E 1"):
        assert told((await of_unit(planning, unit, VALUE, on=END))["score"]) == expected
    assert told((await of_member(planning, "Ann", VALUE, on=END))["score"]) == expected


async def test_a_component_without_a_target_leaves_the_score_open_and_is_named(database: Database) -> None:
    """W 1 has no target of revenue: no score, and its 25 complaints of 10 would contribute nothing."""
    planning = await scored(database)
    assert told((await of_unit(planning, "W 1", VALUE, on=END))["score"]) == (
        None,
        [("revenue", None, None), ("complaints", "2.500000", "0.000000"), ("visits", "0.900000", "0.900000")],
    )


async def test_a_score_is_told_for_each_period_with_its_figures(database: Database) -> None:
    """The first quarter is March's; the second has no targets; weights are shown as stated and as shares."""
    planning = await scored(database)
    fields = """scores(key: "balanced", period: "2017-H1", grain: QUARTER) { period startsOn value
        components { weight share cap target achieved } }"""
    first, second = (await of_unit(planning, "East", fields, on=END))["scores"]
    assert (first["period"], first["value"], second["startsOn"], second["value"]) == (
        *("2017-Q1", "0.933333"),
        *("2017-04-01", None),
    )
    assert first["components"] == [
        {"weight": "3", "share": "0.500000", "cap": None, "target": "300.00", "achieved": "200.00"},
        {"weight": "1", "share": "0.166667", "cap": None, "target": "10", "achieved": "8"},
        {"weight": "2", "share": "0.333333", "cap": "1.2", "target": "10", "achieved": "15"},
    ]


async def test_a_score_of_an_earlier_day_counts_what_was_posted_by_then(database: Database) -> None:
    """At the end of 9 March nothing was posted: no revenue, no visits, and no complaints, which is worth 2 of 6."""
    planning = await scored(database)
    fields = 'score(key: "balanced", period: "2017-03", asOf: "2017-03-09") { value }'
    assert (await of_unit(planning, "East", fields, on=END))["score"]["value"] == "0.333333"


async def test_a_score_weighed_anew_counts_for_the_past_too(database: Database) -> None:
    """With complaints alone East is at 1.2; the old version is refused afterwards."""
    planning = await scored(database)
    found = (await answer(planning, "{ scores { id version } }")).data["scores"][0]
    update = """mutation ($id: ID!) { updateScore(input: { id: $id, name: "Calm", expectedVersion: 1,
        components: [{ metric: "complaints", weight: 5 }] }) { errors { code } score { key name version
        components { weight share metric { key } } } } }"""
    assert (await answer(planning, update, id=found["id"])).data["updateScore"] == {
        "errors": [],
        "score": {
            "key": "balanced",
            "name": "Calm",
            "version": 2,
            "components": [{"weight": "5", "share": "1.000000", "metric": {"key": "complaints"}}],
        },
    }
    assert (await of_unit(planning, "East", VALUE, on=END))["score"]["value"] == "1.200000"
    again = (await answer(planning, update, id=found["id"])).data["updateScore"]
    assert [error["code"] for error in again["errors"]] == ["STALE"]


async def test_nobody_sees_a_score_whose_figures_he_does_not_see(database: Database) -> None:
    """Ann sees her own, and nothing of Bo, of the team or of West; Bo, who heads East, sees all of East."""
    planning = await scored(database)
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    assert (await of_member(planning, "Ann", VALUE, "Ann", END))["score"]["value"] == "0.933333"
    assert (await of_unit(planning, "East", VALUE, "Ann", END))["score"] is None
    assert (await of_unit(planning, "East", VALUE, "Bo", END))["score"]["value"] == "0.933333"
    assert (await of_member(planning, "Ann", VALUE, "Bo", END))["score"]["value"] == "0.933333"


async def test_a_score_costs_as_many_statements_however_many_units_there_are(database: Database) -> None:
    """Two units and all five take as many; a third metric takes as many more as its attainment does."""
    planning = await scored(database)
    two = 'key: "two", name: "Two", components: [{ metric: "revenue", weight: 1 }, { metric: "visits", weight: 1 }]'
    await answer(planning, MADE % two)

    async def statements(units: str, *fields: str) -> int:
        return (
            await answer(planning, f"{{ company {{ root {{ {units} {{ {' '.join(fields)} }} }} }} }}", on=END)
        ).statements

    of_two, of_three = (f'score(key: "{key}", period: "2017-03") {{ value }}' for key in ("two", "balanced"))
    assert await statements("descendants", of_three) == await statements("children", of_three)
    one, another = (
        f'{name}: attainment(period: "2017-03", metric: "{name}") {{ rate }}' for name in ("revenue", "complaints")
    )
    more = await statements("children", one, another) - await statements("children", one)
    assert await statements("children", of_three) == await statements("children", of_two) + more


async def test_a_score_that_there_is_not_is_refused(database: Database) -> None:
    """The error lists those that there are."""
    planning = await scored(database)
    query = '{ company { root { score(key: "happiness", period: "2017") { value } } } }'
    assert (await refusal(planning, query))[0] == "UNKNOWN_SCORE"


async def test_lower_is_better_turns_statuses_and_rankings_round(database: Database) -> None:
    """8 complaints of 10 are at target and ahead of 25 of 10, which is below it; without a target one is last."""
    planning = await scored(database)
    query = """{ rankings(period: "2017-03", metric: "complaints", of: POSITION) {
        nodes { rank orgUnit { name } attainment { rate status gap } } } }"""
    nodes = (await answer(planning, query, on=END)).data["rankings"]["nodes"]
    assert [(row["rank"], row["orgUnit"]["name"], *row["attainment"].values()) for row in nodes] == [
        (1, "E 1", "0.800000", "AT_TARGET", "2"),
        (2, "W 1", "2.500000", "BELOW_TARGET", "-15"),
        (3, "E 2", None, None, None),
    ]
