"""Days that paid runs have used: what decided on them stays what it was."""

from __future__ import annotations

from datetime import date
from typing import Final

from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

LOCK: Final = "incentive runs"
"""Held by whatever starts, pays or cancels a run, and by whatever changes rules and groups."""


async def refuse_used_day(transaction: Transaction, day: date, place: str, grain: str | None = None) -> None:
    """Raise `InputError` PAST_DAY where a paid run of the grain, or of any, has used `day` or a later one.

    Until the transaction ends no run is paid or started.
    """
    await transaction.lock(LOCK)
    row = await transaction.fetch_one(
        "SELECT label, ends_on FROM incentive_run WHERE status = 'paid' AND ends_on > $1"
        " AND ($2::text IS NULL OR grain = $2) ORDER BY ends_on DESC LIMIT 1",
        day,
        grain,
    )
    if row is not None:
        message = (
            f"{row['label']} is paid, and what it was paid by stays: a change counts from {row['ends_on']} or later"
        )
        raise InputError("PAST_DAY", message, (place,))
