"""Figures of stages through the graph: what is in them, days, ageing, and conversion by cohort."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.funnels.commands.funnels import move_deals_to_latest
from quotaloom.funnels.commands.stage_changes import move_opportunity, reopen_opportunity, win_opportunity
from quotaloom.funnels.deals import OpportunityRow, PastMove
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish
from tests.integration.graph.asking import gid, statements
from tests.integration.graph.figuring import climb, of_funnel, of_unit, write

COHORT = "stages { key entered advanced advanceRate conversions { key count rate stage { name } } }"
DAYS = "stages { key days { count median p90 mean unknown } }"


def day(month: int, number: int) -> date:
    """A day of 2026."""
    return date(2026, month, number)


def by_key(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The stages of an answer by their keys."""
    return {stage["key"]: stage for stage in figures["stages"]}


def reached(stage: dict[str, Any]) -> dict[str, int]:
    """How many of a cohort came to each later stage."""
    return {one["key"]: one["count"] for one in stage["conversions"]}


async def test_a_stage_has_the_deals_of_today_or_those_closed_in_the_period(database: Database) -> None:
    """Open stages are as they stand; the won stage has May's deal in May and none in June; all are there, in order."""
    floor = await furnish(database)
    await climb(floor, "ann", day(5, 1), amount=1_00)
    await climb(floor, "ann", day(5, 1), ("offer", day(5, 2)), amount=2_00)
    await climb(floor, "bob", day(5, 1), ("won", day(5, 31)), amount=4_00)
    fields = "stages { key name outcome stage { key ordinal } deals { count amount weightedAmount } }"
    may, june = await of_funnel(floor, 'period: "2026-05-01/2026-07-01", grain: MONTH', fields)
    assert [stage["key"] for stage in may["stages"]] == ["lead", "offer", "won", "lost", "cancelled"]
    lead, offer, done = may["stages"][:3]
    assert (lead["name"], lead["outcome"], lead["stage"]) == ("Lead", "OPEN", {"key": "lead", "ordinal": 0})
    assert lead["deals"] == {"count": 1, "amount": "1.00", "weightedAmount": "0.10"}
    assert offer["deals"] == {"count": 1, "amount": "2.00", "weightedAmount": "1.00"}
    assert done["deals"] == {"count": 1, "amount": "4.00", "weightedAmount": "4.00"}
    assert [stage["deals"]["count"] for stage in june["stages"]] == [1, 1, 0, 0, 0]
    (bob,) = await of_unit(floor, "bob", 'period: "2026"', fields)
    assert [stage["deals"]["count"] for stage in bob["stages"]] == [0, 0, 1, 0, 0]


async def test_a_cohort_is_followed_to_every_later_stage(database: Database) -> None:
    """Four leads of April: two got an offer, in whatever month; one was won after it, one lost, one jumped to won."""
    floor = await furnish(database)
    await climb(floor, "ann", day(4, 1), ("offer", day(5, 1)), ("won", day(5, 9)))
    await climb(floor, "ann", day(4, 30), ("offer", day(4, 30)))
    await climb(floor, "bob", day(4, 2), ("lost", day(4, 9)))
    await climb(floor, "bob", day(4, 3), ("won", day(4, 20)))
    await climb(floor, "bob", day(5, 1))
    await climb(floor, "bob", None)
    april, may = await of_funnel(floor, 'period: "2026-04-01/2026-06-01", grain: MONTH', COHORT)
    lead = by_key(april)["lead"]
    assert (lead["entered"], reached(lead)) == (4, {"offer": 2, "won": 2, "lost": 1, "cancelled": 0})
    # All but the lost one went on.
    assert (lead["advanced"], lead["advanceRate"]) == (3, "0.750000")
    assert lead["conversions"][0] == {"key": "offer", "count": 2, "rate": "0.500000", "stage": {"name": "Offer"}}
    assert (by_key(april)["offer"]["entered"], reached(by_key(april)["offer"])["won"]) == (1, 0)
    offer = by_key(may)["offer"]
    assert (offer["entered"], reached(offer)) == (1, {"won": 1, "lost": 0, "cancelled": 0})
    done = by_key(may)["cancelled"]
    assert (done["entered"], done["advanceRate"], done["conversions"][0]["rate"]) == (0, None, None)
    (bob,) = await of_unit(floor, "bob", 'period: "2026-04"', COHORT)
    assert reached(by_key(bob)["lead"]) == {"offer": 0, "won": 1, "lost": 1, "cancelled": 0}


async def test_a_deal_belongs_to_the_cohort_of_its_first_time_in_a_stage(database: Database) -> None:
    """Sent back and forth, it entered each stage once; what counts is where it came after that first time."""
    floor = await furnish(database)
    deal = await climb(floor, "ann", day(4, 1), ("offer", day(4, 5)), ("lead", day(5, 1)), ("offer", day(5, 2)))
    await move_opportunity(floor.work, HOST, deal, floor.stages["lost"], on=day(5, 3))
    await reopen_opportunity(floor.work, deal, on=day(5, 4))
    april, may = await of_funnel(floor, 'period: "2026-04-01/2026-06-01", grain: MONTH', COHORT)
    assert [by_key(april)[key]["entered"] for key in ("lead", "offer", "lost")] == [1, 1, 0]
    assert [by_key(may)[key]["entered"] for key in ("lead", "offer", "lost")] == [0, 0, 1]
    assert reached(by_key(april)["offer"]) == {"won": 0, "lost": 1, "cancelled": 0}
    (year,) = await of_funnel(floor, 'period: "2026"', COHORT)
    assert (by_key(year)["lead"]["entered"], by_key(year)["lead"]["advanced"]) == (1, 1)


async def test_days_in_a_stage_are_of_the_stays_that_ended_in_the_period(database: Database) -> None:
    """Leads stayed 0, 3, 5 and 20 days, the last until June: half of those of spring within 3, nine in ten within 5."""
    floor = await furnish(database)
    await climb(floor, "ann", day(4, 30), ("offer", day(4, 30)), ("won", day(5, 10)))
    await climb(floor, "ann", day(4, 1), ("offer", day(4, 4)))
    await climb(floor, "bob", day(5, 26), ("lost", day(5, 31)))
    await climb(floor, "bob", day(5, 12), ("offer", TODAY))
    await climb(floor, "bob", day(5, 30))
    await climb(floor, "bob", None, ("offer", day(5, 1)))
    (spring,) = await of_funnel(floor, 'period: "2026-04-01/2026-06-01"', DAYS)
    stages = by_key(spring)
    assert stages["lead"]["days"] == {"count": 3, "median": 3, "p90": 5, "mean": "2.7", "unknown": 1}
    assert stages["offer"]["days"] == {"count": 1, "median": 10, "p90": 10, "mean": "10.0", "unknown": 0}
    assert stages["won"]["days"] == {"count": 0, "median": None, "p90": None, "mean": None, "unknown": 0}
    (june,) = await of_funnel(floor, 'period: "2026-06"', DAYS)
    assert by_key(june)["lead"]["days"]["median"] == 20
    (ann,) = await of_unit(floor, "ann", 'period: "2026"', DAYS)
    assert by_key(ann)["lead"]["days"] == {"count": 2, "median": 0, "p90": 3, "mean": "1.5", "unknown": 0}


async def test_a_move_that_is_dated_before_the_one_before_took_no_days(database: Database) -> None:
    """Entered late: into the second stage on 10 May, and out of it on what is said to be 5 May."""
    floor = await furnish(database)
    await climb(floor, "ann", day(5, 1), ("offer", day(5, 10)), ("lead", day(5, 5)))
    (may,) = await of_funnel(floor, 'period: "2026-05"', DAYS)
    assert by_key(may)["lead"]["days"]["median"] == 9
    assert by_key(may)["offer"]["days"] == {"count": 1, "median": 0, "p90": 0, "mean": "0.0", "unknown": 0}


async def test_imported_moves_without_a_day_are_told_apart(database: Database) -> None:
    """A deal came into its first stage nobody knows when, into the second on 1 May, and was won on 11 May."""
    floor = await furnish(database)
    came = {"lead": None, "offer": day(5, 1), "won": day(5, 11)}
    moves = [PastMove(floor.stages[stage], on) for stage, on in came.items()]
    row = OpportunityRow(floor.deal("ann", stage_id=floor.stages["won"]), closed_on=came["won"], moves=moves)
    await floor.work.write(lambda transaction: insert_opportunities(transaction, floor.work.company, [row]))
    (may,) = await of_funnel(floor, 'period: "2026-05"', f"{COHORT} {DAYS}")
    stages = by_key(may)
    assert (stages["lead"]["entered"], stages["lead"]["days"]["unknown"], stages["lead"]["days"]["count"]) == (0, 1, 0)
    assert (stages["offer"]["entered"], stages["offer"]["days"]["median"]) == (1, 10)
    assert reached(stages["offer"])["won"] == 1


async def test_deals_are_too_old_once_the_days_that_their_stage_allows_are_over(database: Database) -> None:
    """Of a limit of 10 days the tenth is allowed, the eleventh is not; how old a deal without a day is nobody knows."""
    floor = await furnish(database)
    await write(floor, "UPDATE stage SET age_limit_days = 10 WHERE id = $1", floor.stages["lead"])
    fields = "stages { key ageing { limitDays unknown deals { count amount weightedAmount } } }"
    await climb(floor, "ann", day(5, 22), amount=1_00)
    await climb(floor, "ann", day(5, 21), amount=20_00)
    await climb(floor, "bob", day(1, 1), amount=40_00)
    await climb(floor, "bob", day(1, 1), ("offer", day(1, 2)), amount=80_00)
    await climb(floor, "ann", day(1, 1), ("offer", day(2, 2)), ("lead", TODAY))
    await climb(floor, "cem", None)
    (june,) = await of_funnel(floor, 'period: "2026-06"', fields)
    lead, offer = june["stages"][:2]
    old = {"count": 2, "amount": "60.00", "weightedAmount": "6.00"}
    assert lead["ageing"] == {"limitDays": 10, "unknown": 1, "deals": old}
    none = {"count": 0, "amount": "0.00", "weightedAmount": "0.00"}
    assert offer["ageing"] == {"limitDays": None, "unknown": 0, "deals": none}
    (bob,) = await of_unit(floor, "bob", 'period: "2026-06"', fields)
    assert by_key(bob)["lead"]["ageing"]["deals"]["amount"] == "40.00"


async def next_version(floor: Floor) -> None:
    """A second version: offers come first and are called quotes, leads are gone, and there is a new stage."""
    await write(
        floor,
        "INSERT INTO stage (company_id, funnel_id, version_number, key, name, ordinal, outcome, win_probability)"
        " SELECT $1, $2, 2, given.* FROM (VALUES ('offer', 'Quote', 0, 'open', 0.6), ('talk', 'Talk', 1, 'open', 0.7),"
        " ('won', 'Won', 2, 'won', 1), ('lost', 'Lost', 3, 'lost', 0)) AS given",
        floor.work.company.id,
        floor.funnel,
    )
    await write(floor, "UPDATE funnel SET latest_version = 2")


async def test_stages_are_told_by_key_whatever_version_their_deals_follow(database: Database) -> None:
    """The latest version's stages come first under its names; a deal weighs what its own version says."""
    floor = await furnish(database)
    await climb(floor, "ann", day(5, 1), ("offer", day(5, 4)), amount=10_00)
    await climb(floor, "ann", day(5, 1), amount=3_00)
    await next_version(floor)
    quote = await floor.one("SELECT id FROM stage WHERE name = 'Quote'")
    await floor.open("bob", amount=20_00, stage_id=quote["id"], opened_on=day(5, 2))
    fields = "stages { key name stage { id } entered conversions { key } deals { count weightedAmount } }"
    (may,) = await of_funnel(floor, 'period: "2026-05"', fields)
    assert [(stage["key"], stage["name"]) for stage in may["stages"]] == [
        ("offer", "Quote"),
        ("talk", "Talk"),
        ("won", "Won"),
        ("lost", "Lost"),
        ("lead", "Lead"),
        ("cancelled", "Cancelled"),
    ]
    offer = may["stages"][0]
    assert offer["stage"]["id"] == gid("Stage", quote["id"])
    # 10.00 × 0.5 of the first version and 20.00 × 0.6 of the second.
    assert (offer["deals"], offer["entered"]) == ({"count": 2, "weightedAmount": "17.00"}, 2)
    later = {stage["key"]: [one["key"] for one in stage["conversions"]] for stage in may["stages"]}
    # Leads came before offers in the version that had both; of talks and leads the talk came into use later.
    assert later["lead"] == ["offer", "talk", "won", "lost", "cancelled"]
    assert later["talk"] == ["won", "lost", "cancelled"]


async def test_cohorts_are_followed_through_any_number_of_stages(database: Database) -> None:
    """A funnel that has had 75 stages under different keys, more than a number has bits."""
    floor = await furnish(database)
    await climb(floor, "ann", day(5, 1), ("offer", day(5, 4)), ("won", day(5, 9)))
    await climb(floor, "ann", day(5, 1))
    await write(
        floor,
        "INSERT INTO stage (company_id, funnel_id, version_number, key, name, ordinal, outcome, win_probability)"
        " SELECT $1, $2, 2, 's' || n, 'S', n, 'open', 0.5 FROM generate_series(1, 70) AS n",
        floor.work.company.id,
        floor.funnel,
    )
    (may,) = await of_funnel(floor, 'period: "2026-05"', COHORT)
    stages = by_key(may)
    lead = reached(stages["lead"])
    assert (len(stages), stages["lead"]["entered"], lead["offer"], lead["won"], lead["lost"]) == (75, 2, 1, 1, 0)
    assert (stages["offer"]["entered"], reached(stages["offer"])["won"], stages["s70"]["entered"]) == (1, 1, 0)


async def test_a_deal_that_follows_a_newer_version_stays_where_it_is(database: Database) -> None:
    """It came on 4 May, followed the new version on 1 June, and is 28 days old that day; its cohort is that of May."""
    floor = await furnish(database)
    deal = await climb(floor, "ann", day(5, 1), ("offer", day(5, 4)), amount=10_00)
    await next_version(floor)
    await write(floor, "UPDATE stage SET age_limit_days = 27 WHERE name = 'Quote'")
    assert await move_deals_to_latest(floor.work, floor.funnel, {}) == 1
    fields = "stages { key entered ageing { deals { count } } days { count median } }"
    may, june = await of_funnel(floor, 'period: "2026-05-01/2026-07-01", grain: MONTH', fields)
    assert (by_key(may)["offer"]["entered"], by_key(june)["offer"]["entered"]) == (1, 0)
    assert by_key(june)["offer"]["ageing"]["deals"]["count"] == 1
    assert by_key(june)["offer"]["days"] == {"count": 0, "median": None}
    await win_opportunity(floor.work, HOST, deal)
    (june,) = await of_funnel(floor, 'period: "2026-06"', fields)
    assert by_key(june)["offer"]["days"] == {"count": 1, "median": 28}


async def test_every_figure_of_stages_of_a_tree_takes_one_statement(database: Database) -> None:
    """Days, cohorts and ageing of all units, months and stages: one statement each."""
    floor = await furnish(database)
    await climb(floor, "ann", day(5, 1), ("offer", day(5, 4)))
    funnel = gid("Funnel", floor.funnel)
    asked = f'funnelFigures(funnel: "{funnel}", period: "2026", grain: MONTH)'
    plain, cohorts, all_of_it = [
        await statements(floor, f"{{ company {{ root {{ descendants {{ {asked} {{ {fields} }} }} }} }} }}")
        for fields in (
            "stages { key }",
            "stages { entered advanced advanceRate conversions { count } }",
            "stages { entered advanced advanceRate conversions { count } days { median } ageing { unknown } }",
        )
    ]
    assert (cohorts - plain, all_of_it - plain) == (1, 3)
