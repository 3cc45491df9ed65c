"""The derived paths hold what a walk up the tree finds, on every day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from asyncpg import Record

from quotaloom.organizations.paths import rebuild_paths
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from tests.founding import found
from tests.integration.organizations.dated_trees import DAYS, Diary, day, grow
from tests.integration.organizations.trees import acme, rows


async def paths(work: Work) -> list[Record]:
    return await rows(work, "SELECT ancestor_id, unit_id, depth, valid_from, valid_to FROM unit_path")


def stored_on(paths: Sequence[Record], on: date) -> set[tuple[int, int, int]]:
    return {
        (row["unit_id"], row["ancestor_id"], row["depth"]) for row in paths if row["valid_from"] <= on < row["valid_to"]
    }


def walked_on(diary: Diary, number: int) -> set[tuple[int, int, int]]:
    return {
        (unit, ancestor, depth) for unit in diary.parents for depth, ancestor in enumerate(diary.climb(unit, number))
    }


async def test_paths_are_what_a_walk_finds(database: Database) -> None:
    """On thirty random trees with random dated moves, refused cycles among them, table and walk agree each day."""
    for seed in range(30):
        work = await found(database, key=f"company-{seed}")
        diary = await grow(work, Random(seed))
        stored = await paths(work)
        for number in range(DAYS):
            assert stored_on(stored, day(number)) == walked_on(diary, number), f"seed {seed}, day {number}"


async def test_a_rebuild_of_everything_changes_nothing(database: Database) -> None:
    """Deriving the whole company anew gives the paths that its single changes gave."""
    work = await found(database)
    await grow(work, Random(7))
    before = sorted(tuple(row) for row in await paths(work))
    await work.write(lambda transaction: rebuild_paths(transaction, None))
    assert sorted(tuple(row) for row in await paths(work)) == before


async def test_every_unit_is_its_own_ancestor_always(database: Database) -> None:
    """At depth 0 a unit's path has neither beginning nor end."""
    a = await acme(database)
    own = await rows(a.work, "SELECT * FROM unit_path WHERE unit_id = $1 AND depth = 0", a.seat)
    assert [(row["ancestor_id"], row["valid_from"], row["valid_to"]) for row in own] == [(a.seat, date.min, date.max)]


async def test_a_rebuild_touches_its_own_company_only(database: Database) -> None:
    """Another company's paths stay as they are."""
    a, other = await acme(database), await acme(database, "other")
    before = await paths(other.work)
    await a.work.write(lambda transaction: rebuild_paths(transaction, None))
    assert await paths(other.work) == before
