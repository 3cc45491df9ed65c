"""Holders and heads for date ranges."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_headship, end_holding
from quotaloom.organizations.commands.units import close_unit, create_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError, NotFound
from tests.integration.organizations.trees import Acme, acme, audit_of, refusal, rows

MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))

Told = list[tuple[int, date | None, date | None]]


async def holders(a: Acme) -> Told:
    found = await rows(a.work, "SELECT * FROM holding ORDER BY valid_from NULLS FIRST")
    return [(row["member_id"], row["valid_from"], row["valid_to"]) for row in found]


async def test_two_holders_of_a_position_do_not_overlap(database: Database) -> None:
    """The refusal names the holder who is there and his days; the day he ends is free."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, MARCH, MAY)
    with pytest.raises(InputError, match="Ann holds Seat 1 from 2026-03-01 until before 2026-05-01") as caught:
        await appoint_holder(a.work, a.seat, a.bo, APRIL)
    assert refusal(caught) == ("OVERLAP", ("validFrom",))
    await appoint_holder(a.work, a.seat, a.bo, MAY)
    assert await holders(a) == [(a.ann, MARCH, MAY), (a.bo, MAY, None)]


async def test_a_replacement_ends_the_other_on_that_day(database: Database) -> None:
    """With `replace` the holder before ends on the new one's first day, and the audit tells it."""
    a = await acme(database)
    first = await appoint_holder(a.work, a.seat, a.ann, None)
    await appoint_holder(a.work, a.seat, a.bo, APRIL, replace=True)
    assert await holders(a) == [(a.ann, None, APRIL), (a.bo, APRIL, None)]
    action, before, after = (await audit_of(a.work, "Holding", first))[-1]
    assert action == "holding.end"
    assert '"valid_to": null' in str(before)
    assert '"valid_to": "2026-04-01"' in str(after)


async def test_a_replacement_on_the_very_day_withdraws_the_other(database: Database) -> None:
    """A range that would have no day left is taken out, and the audit keeps it."""
    a = await acme(database)
    wrong = await appoint_holder(a.work, a.seat, a.ann, APRIL)
    await appoint_holder(a.work, a.seat, a.bo, APRIL, replace=True)
    assert await holders(a) == [(a.bo, APRIL, None)]
    action, before, after = (await audit_of(a.work, "Holding", wrong))[-1]
    assert (action, after) == ("holding.withdraw", None)
    assert f'"member_id": {a.ann}' in str(before)


async def test_a_replacement_leaves_later_appointments_alone(database: Database) -> None:
    """Somebody appointed from June on is not replaced by a range that starts in April: it has to end by then."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, JUNE)
    with pytest.raises(InputError, match="let the new range end on 2026-06-01"):
        await appoint_holder(a.work, a.seat, a.bo, APRIL, replace=True)
    await appoint_holder(a.work, a.seat, a.bo, APRIL, JUNE, replace=True)
    assert await holders(a) == [(a.bo, APRIL, JUNE), (a.ann, JUNE, None)]


async def test_positions_have_holders_and_other_units_heads(database: Database) -> None:
    """A team has no holder and a position no head."""
    a = await acme(database)
    with pytest.raises(InputError, match="Team 1 is a team: only positions have holders") as caught:
        await appoint_holder(a.work, a.team, a.ann, MARCH)
    assert refusal(caught) == ("WRONG_KIND", ("positionId",))
    with pytest.raises(InputError, match="Seat 1 is a position") as caught_too:
        await appoint_head(a.work, a.seat, a.ann, MARCH)
    assert refusal(caught_too) == ("WRONG_KIND", ("orgUnitId",))


async def test_a_head_needs_no_position_and_may_lead_several_units(database: Database) -> None:
    """One member heads company and team at once; a second head of the same days is refused."""
    a = await acme(database)
    await appoint_head(a.work, a.root, a.ann, None)
    await appoint_head(a.work, a.team, a.ann, MARCH)
    with pytest.raises(InputError, match="Ann heads Team 1 from 2026-03-01 on"):
        await appoint_head(a.work, a.team, a.bo, APRIL)
    assert await holders(a) == []


async def test_a_member_who_left_is_not_appointed_past_that_day(database: Database) -> None:
    """Up to the leaving day he may be entered, beyond it not."""
    a = await acme(database)
    await leave(a.work, a.ann, MAY)
    with pytest.raises(InputError, match="Ann belongs to the company until before 2026-05-01") as caught:
        await appoint_holder(a.work, a.seat, a.ann, MARCH)
    assert refusal(caught) == ("NOT_A_MEMBER", ("validTo",))
    await appoint_holder(a.work, a.seat, a.ann, MARCH, MAY)


async def test_a_range_stays_within_the_days_of_its_unit(database: Database) -> None:
    """Before its opening and after its closing a position has no holder; without a first day it is the opening."""
    a = await acme(database)
    seat = await create_unit(a.work, NewUnit("Seat 2", "position", a.team, opened_on=APRIL))
    await close_unit(a.work, seat, JUNE)
    for start, end, place in ((MARCH, MAY, "validFrom"), (APRIL, None, "validTo")):
        with pytest.raises(InputError, match="Seat 2 is open from 2026-04-01 until before 2026-06-01") as caught:
            await appoint_holder(a.work, seat, a.ann, start, end)
        assert refusal(caught) == ("NOT_OPEN", (place,))
    await appoint_holder(a.work, seat, a.ann, None, JUNE)
    assert await holders(a) == [(a.ann, APRIL, JUNE)]


async def test_a_range_without_a_day_is_refused(database: Database) -> None:
    """The end, which is not included, comes after the start."""
    a = await acme(database)
    with pytest.raises(InputError, match="must end later, not on 2026-04-01") as caught:
        await appoint_holder(a.work, a.seat, a.ann, APRIL, APRIL)
    assert refusal(caught) == ("BAD_RANGE", ("validTo",))


async def test_strangers_are_not_found(database: Database) -> None:
    """Unit and member of another company are as good as none, and so is another company's range."""
    a, other = await acme(database), await acme(database, "other")
    with pytest.raises(NotFound) as caught:
        await appoint_holder(a.work, other.seat, a.ann, MARCH)
    assert refusal(caught) == ("NOT_FOUND", ("positionId",))
    with pytest.raises(NotFound) as caught_too:
        await appoint_holder(a.work, a.seat, other.ann, MARCH)
    assert refusal(caught_too) == ("NOT_FOUND", ("memberId",))
    theirs = await appoint_holder(other.work, other.seat, other.ann, MARCH)
    with pytest.raises(NotFound, match="there is no holding with this id"):
        await end_holding(a.work, theirs, APRIL)


async def test_a_holding_ends_on_a_day_within_it(database: Database) -> None:
    """Ended in April it covers March; a day before it or after its end is refused."""
    a = await acme(database)
    holding = await appoint_holder(a.work, a.seat, a.ann, MARCH)
    await end_holding(a.work, holding, APRIL)
    assert await holders(a) == [(a.ann, MARCH, APRIL)]
    with pytest.raises(InputError, match="has ended on 2026-04-01 already"):
        await end_holding(a.work, holding, MAY)
    with pytest.raises(InputError, match="begins on 2026-03-01 only"):
        await end_holding(a.work, holding, date(2026, 2, 1))


async def test_a_headship_ended_on_its_first_day_is_withdrawn(database: Database) -> None:
    """What would have no day left is taken out of the table, not out of the audit."""
    a = await acme(database)
    headship = await appoint_head(a.work, a.team, a.ann, MARCH)
    await end_headship(a.work, headship, MARCH)
    assert await rows(a.work, "SELECT 1 FROM headship") == []
    actions = [action for action, _, _ in await audit_of(a.work, "Headship", headship)]
    assert actions == ["headship.create", "headship.withdraw"]


async def test_a_batch_of_holders_is_checked_against_itself(database: Database) -> None:
    """Two rows of one batch that overlap are refused, with the number of the second."""
    a = await acme(database)
    terms = [NewTerm(a.seat, a.ann, MARCH, MAY), NewTerm(a.seat, a.bo, MAY, JUNE), NewTerm(a.seat, a.bo, APRIL, MAY)]
    with pytest.raises(InputError, match="Ann holds Seat 1") as caught:
        await a.work.write(lambda transaction: appoint(transaction, HOLDING, terms))
    assert caught.value.path == (2, "validFrom")
    ids = await a.work.write(lambda transaction: appoint(transaction, HOLDING, terms[:2]))
    assert [row["id"] for row in await rows(a.work, "SELECT id FROM holding ORDER BY valid_from")] == ids
