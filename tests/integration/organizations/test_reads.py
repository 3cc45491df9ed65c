"""Batched reads of the tree, its members and their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from asyncpg import Record

from quotaloom.organizations import reads
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from tests.founding import found
from tests.integration.organizations.dated_trees import Diary, day, grow
from tests.integration.organizations.trees import acme

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))


def pairs(rows: list[Record], first: str, second: str) -> list[tuple[object, object]]:
    return [(row[first], row[second]) for row in rows]


async def test_children_stand_in_tree_order(database: Database) -> None:
    """Siblings are ordered by ordinal, then name, then id; several parents are answered at once."""
    a = await acme(database)
    last = await create_unit(a.work, NewUnit("Able", "team", a.root, ordinal=1))
    early = await create_unit(a.work, NewUnit("Zulu", "team", a.root, ordinal=-1))
    twin = await create_unit(a.work, NewUnit("East", "team", a.root))
    async with a.work.snapshot() as snapshot:
        found = await reads.children(snapshot, [a.root, a.team], MARCH)
    assert pairs(found, "parent_id", "id") == [
        (a.root, early),
        (a.root, a.east),
        (a.root, twin),
        (a.root, a.west),
        (a.root, last),
        (a.team, a.seat),
    ]


@pytest.mark.parametrize("others", [(), tuple(range(10**9, 10**9 + 50))])
async def test_children_are_those_open_and_placed_on_the_day(database: Database, others: Sequence[int]) -> None:
    """A unit that moved or closed is a child up to the day before, whether a few parents are asked or many."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.west, APRIL)
    await close_unit(a.work, a.seat, MAY)
    async with a.work.snapshot() as snapshot:
        for on, parent in ((MARCH, a.east), (APRIL, a.west)):
            found = await reads.children(snapshot, [a.east, a.west, *others], on)
            assert pairs(found, "parent_id", "id") == [(parent, a.team)]
            assert pairs(await reads.parents(snapshot, [a.team, a.root], on), "unit_id", "id") == [(a.team, parent)]
        assert len(await reads.children(snapshot, [a.team, *others], APRIL)) == 1
        assert await reads.children(snapshot, [a.team, *others], MAY) == []


async def test_ancestors_come_root_first_with_their_distance(database: Database) -> None:
    """A position is three levels below the root."""
    a = await acme(database)
    async with a.work.snapshot() as snapshot:
        found = await reads.ancestors(snapshot, [a.seat], MARCH)
    assert pairs(found, "id", "depth") == [(a.root, 3), (a.east, 2), (a.team, 1)]


async def test_descendants_come_in_tree_order(database: Database) -> None:
    """A unit stands before what lies below it; overlapping keys are each answered whole."""
    a = await acme(database)
    async with a.work.snapshot() as snapshot:
        found = await reads.descendants(snapshot, [a.root, a.east], MARCH)
        seats = await reads.descendants(snapshot, [a.root], MARCH, ["position"])
    assert [(row["ancestor_id"], row["id"], row["depth"]) for row in found] == [
        (a.root, a.east, 1),
        (a.root, a.team, 2),
        (a.root, a.seat, 3),
        (a.root, a.west, 1),
        (a.east, a.team, 1),
        (a.east, a.seat, 2),
    ]
    assert [row["id"] for row in seats] == [a.seat]


def below(diary: Diary, names: dict[int, str], unit: int, number: int) -> list[int]:
    """What lies under a unit on a day, siblings by name."""
    direct = sorted(
        (below for below, parents in diary.parents.items() if parents[number] == unit), key=names.__getitem__
    )
    return [each for child in direct for each in (child, *below(diary, names, child, number))]


async def test_descendants_are_what_a_walk_down_finds(database: Database) -> None:
    """On random dated trees the order is that of a walk that visits children by name."""
    for seed in range(5):
        work = await found(database, key=f"company-{seed}")
        diary = await grow(work, Random(seed))
        units = list(diary.parents)
        async with work.snapshot() as snapshot:
            names = {row["id"]: row["name"] for row in await reads.units(snapshot, units)}
            for number in (0, 10, 20, 39):
                found_rows = await reads.descendants(snapshot, units, day(number))
                assert pairs(found_rows, "ancestor_id", "id") == [
                    (unit, each) for unit in units for each in below(diary, names, unit, number)
                ]


async def test_holders_and_heads_are_answered_for_all_days_or_one(database: Database) -> None:
    """Without a day every range is told, earliest first; with one, whoever is there on it."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, None)
    await appoint_holder(a.work, a.seat, a.bo, APRIL, replace=True)
    await appoint_head(a.work, a.root, a.ann, None)
    await appoint_head(a.work, a.team, a.ann, APRIL)
    async with a.work.snapshot() as snapshot:
        every = await reads.holders(snapshot, [a.seat])
        assert pairs(every, "member_id", "valid_from") == [(a.ann, None), (a.bo, APRIL)]
        assert pairs(await reads.holders(snapshot, [a.seat], MARCH), "member_id", "valid_to") == [(a.ann, APRIL)]
        assert pairs(await reads.heads(snapshot, [a.team, a.root], APRIL), "unit_id", "member_id") == [
            (a.root, a.ann),
            (a.team, a.ann),
        ]
        assert pairs(await reads.positions(snapshot, [a.ann, a.bo]), "member_id", "position_id") == [
            (a.ann, a.seat),
            (a.bo, a.seat),
        ]
        assert pairs(await reads.positions(snapshot, [a.ann, a.bo], APRIL), "member_id", "position_id") == [
            (a.bo, a.seat)
        ]
        assert pairs(await reads.headed_units(snapshot, [a.ann]), "unit_id", "valid_from") == [
            (a.root, None),
            (a.team, APRIL),
        ]


async def test_rows_have_just_the_columns_asked_for(database: Database) -> None:
    """Those, days as text, and the ids of what they tell of."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, APRIL)
    await appoint_head(a.work, a.team, a.ann, APRIL)
    named, dated = frozenset({"name"}), frozenset({"valid_from"})
    of_ann, of_seat = {"member_id": a.ann, "valid_from": "2026-04-01"}, {"position_id": a.seat}
    async with a.work.snapshot() as snapshot:
        for rows, expected in (
            (await reads.units(snapshot, [a.team], named), {"id": a.team, "name": "Team 1"}),
            (await reads.children(snapshot, [a.team], MARCH, named), {"id": a.seat, "name": "Seat 1"}),
            (await reads.parents(snapshot, [a.seat], MARCH, named), {"id": a.team, "name": "Team 1"}),
            (
                await reads.descendants(snapshot, [a.team], MARCH, None, named),
                {"id": a.seat, "name": "Seat 1", "depth": 1},
            ),
            (await reads.members(snapshot, [a.ann], named), {"id": a.ann, "name": "Ann"}),
            (await reads.holders(snapshot, [a.seat], None, dated), of_ann),
            (await reads.heads(snapshot, [a.team], None, dated | {"member_id"}), of_ann),
            (await reads.positions(snapshot, [a.ann], None, dated), {**of_seat, "valid_from": "2026-04-01"}),
            (await reads.headed_units(snapshot, [a.ann], None, frozenset()), {"unit_id": a.team}),
        ):
            assert [dict(row) for row in rows] == [expected]
        above = await reads.ancestors(snapshot, [a.seat], MARCH, frozenset({"unit_id"}))
    assert all(set(row.keys()) == {"unit_id", "id"} and row["unit_id"] == a.seat for row in above)


async def test_units_and_members_are_found_by_id_and_by_key(database: Database) -> None:
    """Unknown ids and keys, and another company's ids, have no row."""
    a, other = await acme(database), await acme(database, "other")
    async with a.work.snapshot() as snapshot:
        assert pairs(await reads.units(snapshot, [a.east, other.east, 0]), "id", "kind") == [(a.east, "department")]
        assert pairs(await reads.units_by_key(snapshot, ["east", "nowhere"]), "id", "key") == [(a.east, "east")]
        assert pairs(await reads.members(snapshot, [a.ada, other.ada]), "id", "role") == [(a.ada, "admin")]
        assert pairs(await reads.members_by_key(snapshot, ["bo"]), "id", "name") == [(a.bo, "Bo")]
        root = await reads.root(snapshot)
        assert root is not None
        assert root["id"] == a.root


async def test_placements_tell_where_a_unit_lay_when(database: Database) -> None:
    """Every placement is told, earliest first."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.west, APRIL)
    async with a.work.snapshot() as snapshot:
        found = await reads.placements(snapshot, [a.team])
    assert [(row["parent_id"], row["valid_from"], row["valid_to"]) for row in found] == [
        (a.east, None, APRIL),
        (a.west, APRIL, None),
    ]
