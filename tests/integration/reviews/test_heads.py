"""Heads who hold no position: they are reviewed for the units that they head, by the heads above."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, NotFound
from quotaloom.reviews.live import lines_of_parts
from quotaloom.reviews.reads import ReviewFilter, parts_of_reviews, reviews_page, waiting_for
from tests.integration.reviews.judging import ReviewOffice, timed
from tests.integration.targets.offices import PlanningOffice

QUICK = timed(self=0)


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """Nia sold 20.00 of 25.00 in January, Lea 10.00 in N 2; North aims for 40.00, and all for 100.00."""
    planned = await PlanningOffice.open(database, target=None)
    for unit, target in (("N 1", 25_00), ("North", 40_00), ("Acme", 100_00)):
        await planned.set(unit, {"01": target})
    await planned.publish()
    planning = planned.planning
    await planning.post(planning.work, "N 1", date(2017, 1, 2), 20_00, "one")
    planning.members["Lea"] = await create_member(planning.work, NewMember("Lea"))
    await appoint_holder(planning.work, planning.units["N 2"], planning.members["Lea"], None)
    await planning.post(planning.work, "N 2", date(2017, 1, 2), 10_00, "two")
    planning.members["Kei"] = await create_member(planning.work, NewMember("Kei", role="admin"))
    return ReviewOffice(planned)


async def judged_for(office: ReviewOffice, name: str) -> str:
    """The unit that somebody's review is for."""
    row = await office.one(
        "SELECT unit.name FROM review JOIN org_unit AS unit ON unit.id = position_id WHERE review.id = $1",
        await office.review_of(name),
    )
    return str(row["name"])


async def sold(office: ReviewOffice, review: int) -> tuple[int | None, ...]:
    """What counts for revenue, achieved and target, as the graph shows it."""
    work = office.work(day=2)
    async with work.snapshot() as snapshot:
        parts = await parts_of_reviews(snapshot, [review], None)
        line = (await lines_of_parts(snapshot, await load_calendar(snapshot, work.company), parts))[0]
    assert line is not None
    return line.achieved, line.target


async def test_a_head_is_scored_by_what_his_unit_attained_and_judged_by_the_head_above(office: ReviewOffice) -> None:
    """North attained 30.00 of 40.00, which is 75%: 0.6 × 75 and 0.4 × 80 are 77; Wu gives them, and not Noa herself."""
    await office.open(unit="North", rules=QUICK)
    review = await office.review_of("Noa")
    assert (await judged_for(office, "Noa"), await sold(office, review)) == ("North", (30_00, 40_00))
    assert "review.waiting" in await office.told("Wu")
    with pytest.raises(AccessDenied):
        await office.score(review, by="Noa")
    await office.score(review, by="Wu")
    row = await office.review(review)
    planning = office.planning
    assert (row["score"], row["grade"], row["reviewer_id"]) == (Decimal("77.00"), "B", planning.members["Wu"])
    assert row["unit_id"] == planning.units["West"]
    assert await sold(office, review) == (30_00, 40_00)
    assert (await office.one("SELECT points FROM review_score WHERE achieved = 3000"))["points"] == Decimal("75.00")


async def test_the_head_of_the_company_is_judged_by_an_admin(office: ReviewOffice) -> None:
    """All attained 30.00 of 100.00: 0.6 × 30 and 0.4 × 80 are 50; Ora may not give them, Kei is told and does."""
    await office.open(unit="Acme", rules=QUICK)
    review = await office.review_of("Ora")
    assert await judged_for(office, "Ora") == "Acme"
    work = office.work("Kei")
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        assert await waiting_for(snapshot, sight, is_admin=True, today=work.today) == [review]
    for name in ("Ora", "Wu"):
        with pytest.raises((AccessDenied, NotFound)):
            await office.score(review, by=name)
    await office.score(review, by="Kei")
    row = await office.review(review)
    assert (row["score"], row["reviewer_id"]) == (Decimal("50.00"), office.planning.members["Kei"])
    assert row["unit_id"] == office.planning.units["Acme"]


async def test_a_head_who_holds_a_position_is_reviewed_for_it(office: ReviewOffice) -> None:
    """Noa holds E 1 besides: what she sold there counts, without a target; nobody heads East, so Ora judges her."""
    planning = office.planning
    await appoint_holder(planning.work, planning.units["E 1"], planning.members["Noa"], None)
    await planning.post(planning.work, "E 1", date(2017, 1, 2), 7_00, "three")
    await office.open(unit="Acme", rules=QUICK)
    review = await office.review_of("Noa")
    assert (await judged_for(office, "Noa"), await sold(office, review)) == ("E 1", (7_00, None))
    await office.score(review, by="Ora")
    assert (await office.review(review))["reviewer_id"] == planning.members["Ora"]


async def test_a_head_of_several_units_is_reviewed_once_for_the_highest_and_first(office: ReviewOffice) -> None:
    """Wu heads West, a unit made later that comes before it in the tree, and one further down: the one before it."""
    planning = office.planning
    for name, parent, ordinal in (("Deep", "East", -2), ("Early", "Acme", -1)):
        unit = await create_unit(planning.work, NewUnit(name, "team", planning.units[parent], ordinal=ordinal))
        await appoint_head(planning.work, unit, planning.members["Wu"], None)
    await office.open(unit="Acme")
    assert await judged_for(office, "Wu") == "Early"


async def test_whoever_heads_the_unit_next_sees_nothing_of_how_the_last_one_was_judged(office: ReviewOffice) -> None:
    """Max heads North since February: he sees Nia's and Lea's reviews and not Noa's; Wu sees all, Noa her own."""
    planning = office.planning
    planning.members["Max"] = await create_member(planning.work, NewMember("Max"))
    await appoint_head(planning.work, planning.units["North"], planning.members["Max"], date(2017, 2, 1), replace=True)
    await office.open(unit="North", rules=QUICK)
    reviews = {name: await office.review_of(name) for name in ("Nia", "Lea", "Noa")}
    seen = {}
    for name in ("Max", "Wu", "Noa"):
        work = office.work(name)
        async with work.snapshot() as snapshot:
            sight = await load_sight(snapshot, work.viewer, work.company, work.today)
            rows, total = await reviews_page(snapshot, sight, ReviewFilter(), limit=9, offset=0)
        seen[name] = {row["id"] for row in rows}
        assert total == len(seen[name])
    assert seen == {"Max": {reviews["Nia"], reviews["Lea"]}, "Wu": set(reviews.values()), "Noa": {reviews["Noa"]}}
    with pytest.raises(NotFound):
        await office.score(reviews["Noa"], by="Max")
    await office.score(reviews["Noa"], by="Wu")
