"""How changes are gathered, and whom they reach."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.attainment_changes import change_of
from quotaloom.platform.database import Database
from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom.targets.attainment_feed import GATHERING_SECONDS, MOST_GATHERED, AttainmentFeed
from quotaloom_graphql.nodes import split_id
from tests.integration.live.conftest import Live

SOON = 4 * GATHERING_SECONDS


async def test_a_hundred_changes_are_told_once(live: Live, database: Database) -> None:
    """Those who watch East, or what lies above it, are told once; those who watch West, or another company, never."""
    root, east, west = (split_id(one)[1] for one in live.ids("acme", "East", "West"))
    company_id = live.company.company_id
    async with AttainmentFeed(database) as feed:
        with (
            feed.watch(company_id, "one", [root, west]) as one,
            feed.watch(company_id, "two", [west]) as two,
            feed.watch(company_id + 1, "three", [east]) as three,
        ):
            assert [watcher.take() for watcher in (one, two, three)] == [{root, west}, {west}, {east}]
            for _ in range(100):
                feed.told(change_of([1], [east]).payload(company_id))
            await asyncio.wait_for(one.changed(), SOON)
            assert [watcher.take() for watcher in (one, two, three)] == [{root}, set(), set()]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(one.changed(), SOON)


async def test_of_very_many_units_none_is_looked_up(database: Database) -> None:
    """Where more positions changed than are remembered, everything watched counts as changed."""
    async with AttainmentFeed(database) as feed:
        with feed.watch(1, "one", [7]) as watcher:
            watcher.take()
            for first in range(100, 100 + 2 * MOST_GATHERED, 100):
                feed.told(change_of([1], range(first, first + 100)).payload(1))
            await asyncio.wait_for(watcher.changed(), SOON)
            assert watcher.take() == {7}


async def test_where_nobody_can_tell_everything_counts_as_changed(database: Database) -> None:
    """The database cannot be asked: whoever watches reads for himself."""
    async with AttainmentFeed(database) as feed:
        with feed.watch(1, "one", [7]) as watcher:
            watcher.take()
            await database.close()
            feed.told(change_of([1], [3]).payload(1))
            await asyncio.wait_for(watcher.changed(), SOON)
            assert watcher.take() == {7}


async def test_whoever_stops_watching_is_forgotten(database: Database) -> None:
    """One may watch at a time; the next can once the first is gone."""
    feed = AttainmentFeed(database, Limits(live_subscriptions=1))
    for _ in range(3):
        with feed.watch(1, "one", [7]), pytest.raises(LimitExceeded, match="2 subscriptions"):
            feed.refuse_more(1, "two")
    assert feed.watching == 0
