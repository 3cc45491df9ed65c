"""Refusals are cheap: the CPU time of each, and the longest stretch for which others wait, against the goals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benchmarks import abuse
from benchmarks.hostile_documents import GOAL, cpu_times
from benchmarks.hostility import HOSTILE

from quotaloom.platform.database import Database
from tests.founding import found
from tests.progress import Progress

pytestmark = pytest.mark.soak  # a machine that does something else besides takes several times as long

TRIES = 5
Record = Callable[[str, object], None]


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
    record_property("abuses", len(taken))
    record_property("the most CPU time, in ms", round(max(one.cpu for one in taken) * 1000, 1))
    record_property("the longest stretch, in ms", round(max(one.stretch for one in taken) * 1000, 1))
    assert len(taken) == len(cases)
    assert [one for one in taken if one.cpu >= abuse.GOAL or one.stretch >= abuse.STRETCH] == []


def test_each_hostile_document_takes_little(record_property: Record) -> None:
    """Less than 20 ms of CPU time each; the median of so many tries."""
    taken = cpu_times(HOSTILE, TRIES)
    record_property("documents", len(taken))
    record_property("the most CPU time, in ms", round(max(taken.values()) * 1000, 1))
    assert len(taken) >= 40
    assert {name: seconds for name, seconds in taken.items() if seconds >= GOAL.total_seconds()} == {}
