"""A member's facts with entries that are not in the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from quotaloom.achievements.entries import Draft, EntrySource
from quotaloom.achievements.splits import CreditKind
from quotaloom.incentives.batches import Gathered
from quotaloom.incentives.figures import Metrics, counted_by
from quotaloom_sdk import EntryFact, LineFact

NO_PRODUCT = 0
"""Stands for the product of an entry without one, as in the balances."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed to be in the ledger besides: `drafts` of wins, and amounts of metrics (`more`) of the member.

    `products` has the keys of the drafts' products. `team_positions` are those below the member, where his rules look
    at them; `entries` tells that they look at single entries.
    """

    member_id: int
    metrics: Metrics
    drafts: Sequence[Draft]
    more: Sequence[tuple[int, int, date]]
    products: Mapping[int, str]
    team_positions: frozenset[int]
    entries: bool


def with_supposed(gathered: Gathered, supposed: Supposed) -> Gathered:
    """What is asked about the member, with what is supposed; of others nothing changes but what his team achieved."""
    request = gathered.requests[supposed.member_id]
    counted = counted_by(supposed.metrics.rows)
    keys = {metric["id"]: metric["key"] for metric in supposed.metrics.rows}
    own: dict[str, int] = defaultdict(int)
    team: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for draft in supposed.drafts:
        for metric_id in counted(draft.metric_id, draft.product_id or NO_PRODUCT):
            if draft.member_id == supposed.member_id:
                own[keys[metric_id]] += draft.amount
            elif draft.position_id in supposed.team_positions:
                team[str(draft.member_id)][keys[metric_id]] += draft.amount
    for posted_to, amount, _ in supposed.more:
        for metric_id in counted(posted_to, NO_PRODUCT):
            own[keys[metric_id]] += amount
    more = replace(
        request,
        lines=_raised(request.lines, own),
        team=tuple(replace(one, lines=_raised(one.lines, team[one.member_id])) for one in request.team),
        entries=_entries(request.entries, supposed, keys),
    )
    return replace(gathered, requests={**gathered.requests, supposed.member_id: more})


def _raised(lines: Sequence[LineFact], by: Mapping[str, int]) -> tuple[LineFact, ...]:
    return tuple(replace(line, achieved=line.achieved + by.get(line.metric_key, 0)) for line in lines)


def _entries(there: Sequence[EntryFact], supposed: Supposed, keys: Mapping[int, str]) -> tuple[EntryFact, ...]:
    """The entries with those that are supposed, which have ids below 0, by business date and id."""
    if not supposed.entries:
        return tuple(there)
    facts: list[Any] = [draft for draft in supposed.drafts if draft.member_id == supposed.member_id]
    new = [
        EntryFact(
            id=str(-number),
            metric_key=keys[draft.metric_id],
            amount=draft.amount,
            business_date=draft.business_date,
            source=draft.source.value,
            overlay=draft.credit is CreditKind.OVERLAY,
            deal_id=_text(draft.opportunity_id),
            customer_id=_text(draft.customer_id),
            product_key=supposed.products.get(draft.product_id or NO_PRODUCT),
        )
        for number, draft in enumerate(facts, 1)
    ]
    new += [
        EntryFact(str(-number), keys[metric_id], amount, day, EntrySource.ORDER.value)
        for number, (metric_id, amount, day) in enumerate(supposed.more, len(facts) + 1)
    ]
    return tuple(sorted([*there, *new], key=lambda entry: entry.business_date))


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
