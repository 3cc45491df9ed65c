"""Posting orders in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import partial

from benchmarks.companies import Planted, hold_positions, plant, revenue_of
from benchmarks.databases import fresh_database
from benchmarks.floors import time_copy_of
from benchmarks.measuring import Bench, Row, Stopwatch, compared, per_second, run
from quotaloom.achievements.commands import MOST_ITEMS
from quotaloom.achievements.ledger import Credit, EntrySource, Posting, append

TITLE = "Posting achievements"
POSTINGS = 10_000
FAN_OUT = (10, 10)
ROUNDS = 5

FIRST_DAY = date(2016, 1, 1)


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 orders of 100 positions over a year, in transactions of 1,000."""
    watch = Stopwatch()
    for number in range(ROUNDS):
        bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
        run(_round(bench, watch))
    seconds = watch.median("ledger")
    yield compared(
        f"{POSTINGS:,} postings to the ledger, balances kept ({per_second(POSTINGS, seconds, 'postings')})",
        seconds,
        "COPY of the same entries into a bare table",
        watch.median("bare copy"),
    )
    yield compared(
        "the same",
        seconds,
        "COPY of them into a table with the ledger's keys and indexes",
        watch.median("keyed copy"),
    )


async def _round(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        planted = await plant(fresh.database, FAN_OUT)
        await hold_positions(planted)
        postings = _postings(planted.positions, await revenue_of(planted.work))
        with watch.lap("ledger"):
            await _post(planted, postings)
        await time_copy_of(fresh.plain, "achievement_entry", watch, "bare copy")
        await time_copy_of(fresh.plain, "achievement_entry", watch, "keyed copy", keyed=True)


async def _post(planted: Planted, postings: Sequence[Posting]) -> None:
    work = planted.work
    for start in range(0, len(postings), MOST_ITEMS):
        await work.write(partial(append, company=work.company, postings=postings[start : start + MOST_ITEMS]))


def _postings(positions: Sequence[int], metric_id: int) -> list[Posting]:
    return [
        Posting(
            metric_id=metric_id,
            amount=1_000_00 + number,
            currency=None,
            business_date=FIRST_DAY + timedelta(days=number * 7 % 365),
            source=EntrySource.ORDER,
            source_key=f"order-{number}",
            idempotency_key=f"order-{number}",
            credits=(Credit(positions[number % len(positions)], Fraction(1)),),
        )
        for number in range(POSTINGS)
    ]
