"""Storing jobs, in the transaction of what they follow from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson

from quotaloom.platform.jobs.storage import ENQUEUE
from quotaloom.platform.unit_of_work import Transaction

COMPANY: Final = "company"
"""The header of a job that holds the number of its company; 0 stands for the whole installation."""

ABOUT: Final = "about"
"""The header of a job that says, for people, what it is about."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be stored: the `name` of its handler, and what the handler needs to know, as JSON.

    `about` says to people which of several of the name it is. While a job with the same `key` waits or is under way, no
    second one is stored. It is not begun before `after` has passed.
    """

    name: str
    company_id: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    after: timedelta = timedelta(0)
    about: str | None = None


async def enqueue(
    transaction: Transaction,
    name: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    after: timedelta = timedelta(0),
) -> None:
    """Store a job of the transaction's company; see `NewJob`. Workers see it after the commit.

    The payload carries ids and days and nothing secret: row-level security does not apply to it.
    """
    await enqueue_all(transaction, [NewJob(name, transaction.company_id, payload, key, after)])


async def enqueue_all(transaction: Transaction, jobs: Sequence[NewJob]) -> None:
    """Store jobs of any companies with one statement."""
    if not jobs:
        return
    await transaction.fetch(
        ENQUEUE,
        [0] * len(jobs),
        [job.name for job in jobs],
        [orjson.dumps(dict(job.payload)) for job in jobs],
        [job.after for job in jobs],
        [job.key for job in jobs],
        [orjson.dumps({COMPANY: job.company_id, ABOUT: job.about}).decode() for job in jobs],
    )
