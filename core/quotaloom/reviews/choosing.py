"""Which scorer decides on the reviews of a cycle."""

from __future__ import annotations

from datetime import date
from typing import Final

from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import select_policy
from quotaloom.reviews.forms import Layout

KIND: Final = "review"
"""The kind of the policies that score reviews."""


async def select_scorer(
    source: Snapshot | Transaction, registry: PolicyRegistry, layout: Layout, opened_on: date, today: date, path: Path
) -> tuple[SelectedPolicy, date]:
    """The form's scorer, or the company's first, and the day whose setting decides: that on which the cycle was opened.

    Where it was switched off on that very day after all, today's setting decides, or reviews could never be scored.
    Raises `InputError` POLICY_OFF, POLICY_UNAVAILABLE, UNKNOWN_POLICY.
    """
    try:
        return await select_policy(source, registry, KIND, opened_on, layout.scorer, path), opened_on
    except InputError as error:
        if error.code != "POLICY_OFF" or opened_on == today:
            raise
    return await select_policy(source, registry, KIND, today, layout.scorer, path), today
