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
    source: Snapshot | Transaction,
    registry: PolicyRegistry,
    layout: Layout,
    opened_on: date,
    today: date,
    path: Path,
    kept: str | None = None,
) -> tuple[SelectedPolicy, date]:
    """The form's scorer, or the company's first, and the day whose setting decides: that on which the cycle was opened.

    `kept` is the scorer that was chosen when the cycle was opened: what is set later, for that day as well, takes its
    place in no cycle. Where it was switched off on that very day after all, today's setting decides, or reviews could
    never be scored. Raises `InputError` POLICY_OFF, POLICY_UNAVAILABLE, UNKNOWN_POLICY.
    """
    wanted = layout.scorer or kept
    for day in (opened_on, today):
        try:
            return await select_policy(source, registry, KIND, day, wanted, path), day
        except InputError as error:
            if error.code != "POLICY_OFF":
                raise
    return await select_policy(source, registry, KIND, today, layout.scorer, path), today
