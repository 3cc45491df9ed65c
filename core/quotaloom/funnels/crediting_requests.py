"""What a crediting rule is told of deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.facts import deal_facts
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import Credit, CreditingRequest, DealFact, Need, Parameters


@dataclass(frozen=True, slots=True)
class WinFacts:
    """A deal that is won, or about to be, on `closed_on`; `amount` in minor units of `currency`.

    `version` is that of the deal that was read.
    """

    deal_id: int
    version: int
    amount: int
    currency: str
    closed_on: date


async def crediting_requests(
    snapshot: Snapshot, wins: Sequence[WinFacts], needs: frozenset[Need]
) -> list[CreditingRequest[Any]]:
    """A request for each deal, in their order; all must exist. What `needs` does not name is not read.

    Attributes are those of the snapshot's moment: what is noted after the rule was asked changes no credit.
    """
    ids = [win.deal_id for win in wins]
    deals = await deal_facts(snapshot, ids, attributes=Need.ATTRIBUTES in needs)
    named = await _named(snapshot, ids)
    return [
        CreditingRequest(_won(deals[win.deal_id], win), tuple(named.get(win.deal_id, ())), Parameters()) for win in wins
    ]


def _won(deal: DealFact, win: WinFacts) -> DealFact:
    return replace(deal, amount=win.amount, currency=win.currency, closed_on=win.closed_on)


async def _named(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, list[Credit]]:
    rows = await snapshot.fetch(
        "SELECT opportunity_id, position_id, member_id, credit, share FROM opportunity_split"
        " WHERE opportunity_id = ANY($1) ORDER BY opportunity_id, ordinal",
        list(ids),
    )
    found: dict[int, list[Credit]] = {}
    for row in rows:
        overlay = row["credit"] == CreditKind.OVERLAY.value
        credit = Credit(str(row["position_id"]), Fraction(row["share"]), overlay, str(row["member_id"]))
        found.setdefault(row["opportunity_id"], []).append(credit)
    return found
