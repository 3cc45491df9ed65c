"""Moving units: dated, and destroying nothing."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError, NotFound
from tests.integration.organizations.trees import acme, audit_of, parents_on, refusal, rows

APRIL_15, APRIL_16 = date(2026, 4, 15), date(2026, 4, 16)


async def test_a_move_in_mid_month_keeps_what_was(database: Database) -> None:
    """Moved on 16 April, a team and its position lie under East until the 15th and under West from the 16th."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.west, APRIL_16)
    assert await parents_on(a.work, a.seat, APRIL_15) == [a.team, a.east, a.root]
    assert await parents_on(a.work, a.seat, APRIL_16) == [a.team, a.west, a.root]
    to_the_root = await rows(a.work, "SELECT 1 FROM unit_path WHERE unit_id = $1 AND ancestor_id = $2", a.seat, a.root)
    assert len(to_the_root) == 1


async def test_a_move_lasts_until_the_next_change_that_is_entered(database: Database) -> None:
    """A move in March leaves one of June, entered before, as it is."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.root, date(2026, 6, 1))
    await move_unit(a.work, a.team, a.west, date(2026, 3, 1))
    firsts = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 5, 31), date(2026, 6, 1)]
    assert [(await parents_on(a.work, a.team, day))[0] for day in firsts] == [a.east, a.west, a.west, a.root]


async def test_a_move_on_the_day_a_placement_starts_corrects_it(database: Database) -> None:
    """Moving again on the same day replaces the parent, and the audit has both."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.root, APRIL_16)
    await move_unit(a.work, a.team, a.west, APRIL_16)
    placements = await rows(
        a.work, "SELECT parent_id FROM placement WHERE unit_id = $1 ORDER BY valid_from NULLS FIRST", a.team
    )
    assert [row["parent_id"] for row in placements] == [a.east, a.west]
    action, before, after = (await audit_of(a.work, "OrgUnit", a.team))[-1]
    assert action == "unit.move"
    assert f'"parent_id": {a.root}' in str(before)
    assert f'"parent_id": {a.west}' in str(after)


async def test_a_move_that_changes_nothing_writes_nothing(database: Database) -> None:
    """The parent a unit has already leaves version and audit alone; another place among its siblings does not."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.east, APRIL_16)
    assert len(await audit_of(a.work, "OrgUnit", a.team)) == 1
    await move_unit(a.work, a.team, a.east, APRIL_16, ordinal=3)
    assert len(await audit_of(a.work, "OrgUnit", a.team)) == 2


async def test_a_unit_cannot_lie_under_itself(database: Database) -> None:
    """A cycle is refused and told by the names of those that would form it."""
    a = await acme(database)
    with pytest.raises(InputError, match="East cannot lie under itself"):
        await move_unit(a.work, a.east, a.east, APRIL_16)
    with pytest.raises(InputError, match="on 2026-04-16 Team 1 under East;") as caught:
        await move_unit(a.work, a.east, a.team, APRIL_16)
    assert refusal(caught) == ("CYCLE", ("parentId",))


async def test_a_cycle_that_would_come_later_is_refused(database: Database) -> None:
    """West goes under East in June; East under West from April on would meet it then, up to May it may."""
    a = await acme(database)
    await move_unit(a.work, a.west, a.east, date(2026, 6, 1))
    with pytest.raises(InputError, match="on 2026-06-01 West under East;"):
        await move_unit(a.work, a.east, a.west, APRIL_16)
    await move_unit(a.work, a.east, a.root, date(2026, 6, 1), ordinal=1)
    await move_unit(a.work, a.east, a.west, APRIL_16)
    assert await parents_on(a.work, a.east, date(2026, 5, 31)) == [a.west, a.root]
    assert await parents_on(a.work, a.west, date(2026, 6, 1)) == [a.east, a.root]


async def test_moves_at_the_same_time_make_no_cycle(database: Database) -> None:
    """Of two moves that together would be a cycle, exactly one succeeds."""
    a = await acme(database)
    results = await asyncio.gather(
        move_unit(a.work, a.east, a.west, APRIL_16),
        move_unit(a.work, a.west, a.east, APRIL_16),
        return_exceptions=True,
    )
    assert sorted(getattr(result, "code", "moved") for result in results) == ["CYCLE", "moved"]


async def test_a_unit_moves_on_days_on_which_it_is_open(database: Database) -> None:
    """A day before the opening or after the closing is refused; and so is moving the root."""
    a = await acme(database)
    unit = await create_unit(a.work, NewUnit("Brief", "team", a.root, opened_on=date(2026, 2, 1)))
    await close_unit(a.work, unit, date(2026, 4, 1))
    for day in (date(2026, 1, 31), date(2026, 4, 1)):
        with pytest.raises(InputError, match="Brief is open from 2026-02-01 until before 2026-04-01") as caught:
            await move_unit(a.work, unit, a.west, day)
        assert refusal(caught) == ("NOT_OPEN", ("on",))
    with pytest.raises(InputError, match="Acme is the root"):
        await move_unit(a.work, a.root, a.west, APRIL_16)


async def test_strangers_and_stale_versions_are_refused(database: Database) -> None:
    """A parent of another company is not found; a version that is gone is a conflict."""
    a, other = await acme(database), await acme(database, "other")
    with pytest.raises(NotFound) as caught:
        await move_unit(a.work, a.team, other.west, APRIL_16)
    assert refusal(caught) == ("NOT_FOUND", ("parentId",))
    await move_unit(a.work, a.team, a.west, APRIL_16, expected_version=1)
    with pytest.raises(Conflict):
        await move_unit(a.work, a.team, a.east, APRIL_16, expected_version=1)


async def test_a_move_is_told_to_listeners(database: Database) -> None:
    """The outbox holds what was moved, whereto and on which day."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.west, APRIL_16)
    told = await rows(a.work, "SELECT topic, payload::text FROM outbox_event ORDER BY id DESC LIMIT 1")
    assert told[0]["topic"] == "unit.moved"
    assert told[0]["payload"] == f'{{"id": {a.team}, "on": "2026-04-16", "parent_id": {a.west}}}'
