"""What viewers see: by today's tree, heads and holders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import product
from random import Random

import pytest

from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import create_unit, move_unit
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from tests.founding import found
from tests.integration.organizations.dated_trees import DAYS, Diary, day, grow
from tests.integration.organizations.trees import Acme, acme
from tests.progress import Progress, stepwise

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


async def sight_of(work: Work, member_id: int, today: date = APRIL, *, ancestors_too: bool = False) -> Sight:
    company = replace(work.company, members_see_ancestors=ancestors_too)
    async with work.snapshot() as snapshot:
        viewer = Viewer(work.company.id, "someone", Role.MEMBER, member_id)
        found = await load_sight(snapshot, viewer, company, today)
        assert snapshot.statements <= 2
    return found


async def staffed(database: Database) -> Acme:
    """Ann heads East; Bo holds Seat 1 from April, before him Ada did."""
    a = await acme(database)
    await appoint_head(a.work, a.east, a.ann, None)
    await appoint_holder(a.work, a.seat, a.ada, None)
    await appoint_holder(a.work, a.seat, a.bo, APRIL, replace=True)
    return a


async def test_a_head_sees_the_subtree_he_heads(database: Database) -> None:
    """Ann sees East and all below with figures and plans there, knows the company by name, and nothing of West."""
    a = await staffed(database)
    sight = await sight_of(a.work, a.ann)
    assert sight.unit_ids == {a.east, a.team, a.seat}
    assert sight.named_unit_ids == {a.root}
    assert not sight.names_unit(a.west)
    assert [sight.may_plan(unit) for unit in (a.root, a.east, a.seat, a.west)] == [False, True, True, False]
    assert [sight.heads(unit) for unit in (a.root, a.east, a.seat)] == [False, True, False]
    assert sight.seen_units([a.west, a.seat, a.root, a.east]) == [a.seat, a.east]


async def test_a_head_sees_todays_holders_and_knows_earlier_ones(database: Database) -> None:
    """Bo, who holds the position today, is seen with figures; Ada, who held it before, by name."""
    a = await staffed(database)
    sight = await sight_of(a.work, a.ann)
    assert sight.member_ids == {a.ann, a.bo}
    assert sight.names_member(a.ada)
    assert not sight.sees_member(a.ada)


async def test_a_head_sees_the_heads_below(database: Database) -> None:
    """The head of a team below, who holds no position, is seen; he sees the one above by no means."""
    a = await staffed(database)
    await appoint_head(a.work, a.team, a.ada, None)
    assert (await sight_of(a.work, a.ann)).sees_member(a.ada)
    assert not (await sight_of(a.work, a.ada)).names_member(a.ann)


async def test_a_member_sees_himself_and_knows_what_is_above(database: Database) -> None:
    """Bo sees his position and himself, and the names of team, department and company; he plans nothing."""
    a = await staffed(database)
    sight = await sight_of(a.work, a.bo)
    assert sight.unit_ids == {a.seat}
    assert sight.named_unit_ids == {a.team, a.east, a.root}
    assert sight.members_with_names == frozenset({a.bo})
    assert not sight.led_unit_ids
    assert not sight.may_plan(a.seat)
    assert not sight.sees_unit(a.team)


async def test_a_company_may_show_the_figures_above(database: Database) -> None:
    """Where the company says so, a member sees the figures of his ancestors, and still of nobody else."""
    a = await staffed(database)
    sight = await sight_of(a.work, a.bo, ancestors_too=True)
    assert sight.units_with_figures == frozenset({a.seat, a.team, a.east, a.root})
    assert not sight.may_plan(a.east)


async def test_a_move_changes_the_sight_from_its_day_on(database: Database) -> None:
    """When the team goes to West on 1 April, the head of East sees it on 31 March for the last time."""
    a = await staffed(database)
    await move_unit(a.work, a.team, a.west, APRIL)
    assert (await sight_of(a.work, a.ann, date(2026, 3, 31))).sees_unit(a.seat)
    assert (await sight_of(a.work, a.ann, APRIL)).unit_ids == {a.east}


async def test_the_head_of_the_root_sees_all_and_is_no_admin(database: Database) -> None:
    """He sees and plans everything, a unit yet to be opened too, and heads the root alone."""
    a = await acme(database)
    await appoint_head(a.work, a.root, a.ann, MARCH)
    future = await create_unit(a.work, NewUnit("Future", "team", a.root, opened_on=date(2027, 1, 1)))
    sight = await sight_of(a.work, a.ann)
    assert sight.everything
    assert sight.may_plan(future)
    assert (sight.units_with_figures, sight.members_with_names) == (None, None)
    assert [sight.heads(unit) for unit in (a.root, a.east)] == [True, False]
    before = await sight_of(a.work, a.ann, date(2026, 2, 28))
    assert not before.everything
    assert not before.unit_ids
    assert before.member_ids == {a.ann}


@pytest.mark.parametrize(
    ("viewer", "sees", "plans"),
    [
        (Viewer(1, "admin", Role.ADMIN), True, True),
        (Viewer(0, "operator", Role.OPERATOR), False, False),
        (Viewer(1, "reader", Role.SERVICE, None, frozenset({Scope.READ.value})), True, False),
        (Viewer(1, "planner", Role.SERVICE, None, frozenset({Scope.TARGETS.value})), False, True),
        (Viewer(1, "poster", Role.SERVICE, None, frozenset({Scope.ACHIEVEMENTS.value})), False, False),
        (Viewer(1, "stranger", Role.MEMBER), False, False),
    ],
)
async def test_admins_see_all_and_services_what_their_scopes_name(
    database: Database, viewer: Viewer, sees: bool, plans: bool
) -> None:
    """No statement is needed to know what these may see."""
    a = await acme(database)
    async with a.work.snapshot() as snapshot:
        sight = await load_sight(snapshot, replace(viewer, company_id=a.work.company.id), a.work.company, APRIL)
        assert snapshot.statements == 0
    assert (sight.sees_unit(a.east), sight.sees_member(a.ann)) == (sees, sees)
    assert sight.may_plan(a.east) is plans


async def test_an_admin_who_heads_a_unit_is_known_as_its_head(database: Database) -> None:
    """Approving is a head's right: an admin's own headships are told as well."""
    a = await acme(database)
    await appoint_head(a.work, a.west, a.ada, None)
    async with a.work.snapshot() as snapshot:
        viewer = Viewer(a.work.company.id, "ada", Role.ADMIN, a.ada)
        sight = await load_sight(snapshot, viewer, a.work.company, APRIL)
    assert [sight.heads(unit) for unit in (a.west, a.east)] == [True, False]
    assert sight.may_plan(a.east)


async def test_an_admin_who_holds_a_position_is_known_as_its_holder(database: Database) -> None:
    """Ada held it until March: then it was hers, and in April, when Bo holds it, nothing is."""
    a = await staffed(database)
    viewer = Viewer(a.work.company.id, "ada", Role.ADMIN, a.ada)
    async with a.work.snapshot() as snapshot:
        sights = [await load_sight(snapshot, viewer, a.work.company, today) for today in (MARCH, APRIL)]
    assert [sight.held_unit_ids for sight in sights] == [{a.seat}, set()]


Term = tuple[int, int, int | None, int | None]
"""Unit, member, first day and first day after, as numbers; None where it has always been so, or lasts for ever."""


async def staff(work: Work, diary: Diary, random: Random) -> tuple[list[int], list[Term], list[Term]]:
    """Up to five members; some units have two heads or two holders, one after the other."""

    async def apply(transaction: Transaction) -> tuple[list[int], list[Term], list[Term]]:
        number = random.randint(1, 5)
        people = await insert_members(transaction, [NewMember(f"Person {place}") for place in range(number)])
        positions = [unit for unit, kind in diary.kinds.items() if kind == "position"]
        holdings = _drawn(positions, random, people)
        headships = _drawn([unit for unit in diary.kinds if unit not in positions], random, people)
        for kind, terms in ((HOLDING, holdings), (HEADSHIP, headships)):
            await appoint(
                transaction, kind, [NewTerm(unit, member, _day(start), _day(end)) for unit, member, start, end in terms]
            )
        return people, holdings, headships

    return await work.write(apply)


def _drawn(units: list[int], random: Random, people: list[int]) -> list[Term]:
    found: list[Term] = []
    for unit in units:
        if random.random() < 0.4:
            continue
        first, second, third = sorted(random.sample(range(DAYS + 1), 3))
        found.append((unit, random.choice(people), random.choice([None, first]), second))
        found.append((unit, random.choice(people), second, random.choice([None, third])))
    return found


def _day(number: int | None) -> date | None:
    return None if number is None else day(number)


def expected(diary: Diary, member: int, number: int, holdings: list[Term], headships: list[Term]) -> Sight:
    """The same by asking every unit and every range one by one."""

    def now(start: int | None, end: int | None) -> bool:
        return (start is None or start <= number) and (end is None or number < end)

    headed = {unit for unit, who, *days in headships if who == member and now(*days)}
    held = {unit for unit, who, *days in holdings if who == member and now(*days)}
    if any(diary.kinds[unit] == "company" for unit in headed):
        return Sight(member, True, True, headed_unit_ids=frozenset(headed), held_unit_ids=frozenset(held))
    led = {unit for unit in diary.parents if headed & set(diary.climb(unit, number))}
    tops = {unit for unit in headed if not headed & set(diary.climb(unit, number)[1:])}
    above = {up for unit in headed | held for up in diary.climb(unit, number)[1:]}
    there = {who for unit, who, *days in [*holdings, *headships] if unit in led and now(*days)}
    ever = {who for unit, who, *_ in holdings if unit in led}
    return Sight(
        member,
        unit_ids=frozenset(led | held),
        named_unit_ids=frozenset(above),
        member_ids=frozenset(there | {member}),
        named_member_ids=frozenset(ever - there - {member}),
        headed_unit_ids=frozenset(headed),
        led_unit_ids=frozenset(led),
        top_unit_ids=frozenset(tops),
        held_unit_ids=frozenset(held),
    )


@pytest.mark.parametrize("trees", [40, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_sight_is_what_asking_one_by_one_finds(
    database: Database, record_property: Callable[[str, object], None], progress: Progress, trees: int
) -> None:
    """On random dated trees with random heads and holders every member sees what a slow search finds."""
    compared = 0
    for seed in stepwise(progress, range(trees), "a tree grows"):
        random = Random(seed)
        work = await found(database, key=f"company-{seed}")
        diary = await grow(work, random, units=random.randint(1, 12), moves=random.randint(0, 12))
        people, holdings, headships = await staff(work, diary, random)
        for member, number in product(people, (random.randrange(DAYS), DAYS - 1)):
            sight = await sight_of(work, member, day(number))
            wanted = expected(diary, member, number, holdings, headships)
            assert sight == wanted, f"seed {seed}"
            compared += 1
    record_property("trees", trees)
    record_property("sights compared", compared)
