"""When members are away and when they work, and what pool policies are told of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.pool.candidate_facts import Candidate, candidate_facts, working_at
from quotaloom.pool.schedules import WorkingSpan, absences_of, end_absence, note_absence, set_working_hours
from quotaloom_sdk import Absence, Load, Need
from tests.integration.funnels.floors import NOON, TODAY, Floor, furnish

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)


async def away(floor: Floor, name: str) -> list[tuple[date, date]]:
    async with floor.work.snapshot() as snapshot:
        rows = await absences_of(snapshot, [floor.members[name]], TODAY)
    return [(row["valid_from"], row["valid_to"]) for row in rows]


async def test_a_member_is_away_and_back_sooner(database: Database) -> None:
    """Ann notes July and comes back on the 20th; an absence that had not begun by then is gone."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    noted = await note_absence(ann, floor.members["ann"], JULY, AUGUST, "Holidays")
    assert await away(floor, "ann") == [(JULY, AUGUST)]
    assert await end_absence(ann, noted, date(2026, 7, 20)) == floor.members["ann"]
    assert await away(floor, "ann") == [(JULY, date(2026, 7, 20))]
    await end_absence(ann, noted, JULY)
    assert await away(floor, "ann") == []


async def test_absences_do_not_overlap(database: Database) -> None:
    """The refusal tells from when to when; the day of coming back may begin another one."""
    floor = await furnish(database)
    await note_absence(floor.work, floor.members["ann"], JULY, AUGUST, None)
    with pytest.raises(InputError, match="away from 2026-07-01 to 2026-08-01 already"):
        await note_absence(floor.work, floor.members["ann"], date(2026, 7, 31), date(2026, 8, 5), None)
    await note_absence(floor.work, floor.members["ann"], AUGUST, date(2026, 8, 5), None)
    assert len(await away(floor, "ann")) == 2


async def test_who_may_change_a_schedule(database: Database) -> None:
    """Himself, his head and admins; a colleague and another head find nobody, and a service needs its scope."""
    floor = await furnish(database)
    member, span = floor.members["ann"], [WorkingSpan(1, time(9), time(17))]
    for work in (floor.as_member("ann"), floor.as_member("hal"), floor.work, floor.as_service("pool:write")):
        await set_working_hours(work, member, span)
    for name in ("bob", "wu"):
        with pytest.raises(NotFound, match="there is no such member whose schedule is yours"):
            await set_working_hours(floor.as_member(name), member, span)
    with pytest.raises(AccessDenied):
        await set_working_hours(floor.as_service("funnels:write"), member, span)


async def test_somebody_elses_absence_is_like_one_that_there_is_not(database: Database) -> None:
    """Bob and Wu, who may not say when Ann is away, do not learn that she is; nor does a service without the scope."""
    floor = await furnish(database)
    noted = await note_absence(floor.work, floor.members["ann"], JULY, AUGUST, None)
    for name in ("bob", "wu"):
        told = set()
        for number in (noted, noted + 1):
            with pytest.raises(NotFound) as caught:
                await end_absence(floor.as_member(name), number, JULY)
            told.add((caught.value.message, caught.value.path))
        assert told == {("there is no such absence that you can change", ("absenceId",))}
    for number in (noted, noted + 1):
        with pytest.raises(AccessDenied):
            await end_absence(floor.as_service("funnels:write"), number, JULY)
    assert await away(floor, "ann") == [(JULY, AUGUST)]


async def test_hours_are_by_the_clock_of_the_company(database: Database) -> None:
    """Ann works on Mondays until noon and from one o'clock to midnight; of Bob nothing is noted: all working days."""
    floor = await furnish(database)
    ann, bob = floor.members["ann"], floor.members["bob"]
    hours = [WorkingSpan(1, time(9), time(12)), WorkingSpan(1, time(13), None)]
    await set_working_hours(floor.work, ann, hours)
    # The company is in Shanghai, eight hours ahead; 1 June 2026 is a Monday.
    moments = {
        "2026-06-01T01:00": (True, True),  # 09:00
        "2026-06-01T00:59": (False, True),  # 08:59
        "2026-06-01T04:00": (False, True),  # 12:00
        "2026-06-01T15:59": (True, True),  # 23:59
        "2026-05-31T16:00": (False, True),  # Monday, 00:00
        "2026-06-02T01:00": (False, True),  # Tuesday, 09:00
        "2026-06-06T01:00": (False, False),  # Saturday, 09:00
    }
    async with floor.work.snapshot() as snapshot:
        for moment, expected in moments.items():
            at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
            found = await working_at(snapshot, floor.work.company, [ann, bob], at)
            assert (found[ann], found[bob]) == expected, moment


async def test_candidates_are_told_of_what_is_needed_only(database: Database) -> None:
    """Without needs names, room and turns; with them loads, absences and hours, each kind read once for all."""
    floor = await furnish(database)
    await floor.open("ann")
    await note_absence(floor.work, floor.members["ann"], JULY, AUGUST, None)
    people = [
        Candidate(floor.members["ann"], "Ann", room=3, last_turn=None),
        Candidate(floor.members["bob"], "Bob", room=None, last_turn=7),
    ]
    async with floor.work.snapshot() as snapshot:
        plain = await candidate_facts(snapshot, floor.work.company, people, NOON, frozenset())
        assert snapshot.statements == 0
        needs = frozenset({Need.LOAD, Need.CALENDAR, Need.ATTRIBUTES})
        ann, bob = await candidate_facts(snapshot, floor.work.company, people, NOON, needs)
    assert [(one.name, one.room, one.last_turn, one.load, one.working) for one in plain] == [
        ("Ann", 3, None, None, None),
        ("Bob", None, 7, None, None),
    ]
    assert (ann.load, ann.absences) == (Load(1, 0, 0, 1, 1_000_00), (Absence(JULY, AUGUST),))
    assert (bob.load, bob.absences, bob.working) == (Load(1, 0, 0, 0, 0), (), True)
