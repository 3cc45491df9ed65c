"""Refusals are cheap: the CPU time of each, and the longest stretch for which others wait, against the goals."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import pytest
from benchmarks import abuse
from benchmarks.abuse.large_inputs import LARGE
from benchmarks.hostile_documents import GOAL, cpu_times
from benchmarks.hostility import HOSTILE

from quotaloom.platform.database import Database
from tests.founding import found
from tests.progress import Progress, stepwise

TRIES = 5
SHORT_TRIES = 10
"""How often the short test measures what takes too much: it runs beside others, who slow it down now and then."""

AT_ONCE = 20
Record = Callable[[str, object], None]

DEAREST: Final = {
    "HTTP": (
        "a query of 4 million letters by an admin",
        "500,000 names of nothing by an admin",
        "130,000 brackets by an admin",
        "a chunk that is extended by 12 MB",
        "a query of 4 million colons by an admin",
        "a query of 2 million line ends by an admin",
        "a text of 4 million letters by an admin",
        "GET with 5,000 parameters",
        "more than a body may have, sent",
        "a large cookie in many pieces",
        "200,000 chunks of one byte",
        "19,000 chunks of one byte",
    ),
    "WebSockets": (
        "ten hostile documents at once",
        "450 ids",
        "a subscription to: 250 times the same leaf",
        "gone with 5,000 pings",
        "10,000 pings of the protocol",
        "a subscription to a field that is not there",
        "a subscription to: lists of the same name, 6 on 2 levels",
        "a subscription to: directives on the operation",
        "a subscription to: 900 directives that are none",
        "gone with 40 subscriptions",
        "20,000 pings",
        "200 subscriptions that end at once",
    ),
    "Documents": (
        "100 operations",
        "250 inline fragments side by side",
        "130 lists of the same name",
        "lists of the same name, 6 on 2 levels",
        "75 fragments on types that are not there",
        "lists of the same name, 3 on 4 levels",
        "a list of 600 items",
        "fragments of types that are not there",
        "60 fragments that are not used",
        "130 aliases twice",
        "the same name with other arguments",
        "types that are nearly there",
    ),
}
"""A dozen of each kind: those that take the most, of which `make bench` tells, or did before they were mended."""


async def test_the_dearest_of_each_kind_take_little(
    database: Database, database_url: str, record_property: Record
) -> None:
    """Less than 20 ms of CPU time each, and others wait for less than 50 ms."""
    company_id = (await found(database)).company.id
    named = {title: {case.name: case for case in cases} for title, cases in abuse.CASES.items()}
    cases = [named[title][name] for title, names in DEAREST.items() for name in names]
    taken = await abuse.taken_by(cases, database_url, company_id, SHORT_TRIES)
    record(record_property, taken)
    assert DEAREST.keys() == abuse.CASES.keys()
    assert len(taken) == 12 * 3
    assert dear(taken) == []


async def test_large_inputs_keep_nobody_waiting(database: Database, database_url: str, record_property: Record) -> None:
    """What holds as many values as variables may have is converted while others have the loop: the least of some tries
    each, the first with a document that is not known yet."""
    company_id = (await found(database)).company.id
    every = await abuse.stretches([[case] for case in LARGE] * TRIES, database_url, company_id)
    longest = {case.name: min(every[number :: len(LARGE)]) for number, case in enumerate(LARGE)}
    record_property("the longest stretch, in ms", round(max(longest.values()) * 1000, 1))
    assert len(longest) == 4
    assert {name: stretch for name, stretch in longest.items() if stretch >= abuse.STRETCH} == {}


@pytest.mark.soak
@pytest.mark.parametrize("title", abuse.CASES)
async def test_each_abuse_takes_little(
    database: Database, database_url: str, title: str, record_property: Record, progress: Progress
) -> None:
    """Less than 20 ms of CPU time each, and others wait for less than 50 ms."""
    company_id = (await found(database)).company.id
    taken = []
    for number, case in enumerate(cases := abuse.CASES[title]):
        if number % 50 == 0:
            progress(number, len(cases), case.name)
            taken += await abuse.taken_by(cases[number : number + 50], database_url, company_id, TRIES)
    record(record_property, taken)
    assert len(taken) == len(cases)
    assert dear(taken) == []


@pytest.mark.soak
async def test_many_abuses_at_once_keep_nobody_waiting(
    database: Database, database_url: str, record_property: Record, progress: Progress
) -> None:
    """Twenty of all kinds at once, over and over until each was sent five times, in an order that is drawn: others wait
    for less than 50 ms. So do they while all those that dawdle come at once."""
    company_id = (await found(database)).company.id
    every = [case for cases in abuse.CASES.values() for case in cases]
    drawn = random.Random(20)
    batches = []
    for _ in range(TRIES):
        drawn.shuffle(every)
        batches += [every[number : number + AT_ONCE] for number in range(0, len(every), AT_ONCE)]
        batches.append(list(abuse.SLOW))
    stretches = await abuse.stretches(stepwise(progress, batches, "many at once"), database_url, company_id)
    record_property("batches", len(stretches))
    record_property("the longest stretch, in ms", round(max(stretches) * 1000, 1))
    assert len(abuse.SLOW) == 13
    assert len(stretches) == len(batches) > 150
    assert [stretch for stretch in stretches if stretch >= abuse.STRETCH] == []


@pytest.mark.soak
def test_each_hostile_document_takes_little(record_property: Record) -> None:
    """Less than 20 ms of CPU time each, sent by a stranger; the median of so many tries."""
    taken = cpu_times(HOSTILE, TRIES)
    record_property("documents", len(taken))
    record_property("the most CPU time, in ms", round(max(taken.values()) * 1000, 1))
    assert len(taken) >= 40
    assert {name: seconds for name, seconds in taken.items() if seconds >= GOAL.total_seconds()} == {}


def dear(taken: list[abuse.Taken]) -> list[abuse.Taken]:
    """Those that took too much."""
    return [one for one in taken if one.cpu >= abuse.GOAL or one.stretch >= abuse.STRETCH]


def record(record_property: Record, taken: list[abuse.Taken]) -> None:
    """How many there were, and the most that one took."""
    record_property("abuses", len(taken))
    record_property("the most CPU time, in ms", round(max(one.cpu for one in taken) * 1000, 1))
    record_property("the longest stretch, in ms", round(max(one.stretch for one in taken) * 1000, 1))
