"""A crediting rule, tried on deals that were won: who would have got what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from asyncpg import Record

from quotaloom.achievements.splits import CreditKind, credit_money
from quotaloom.calendars.periods import Period
from quotaloom.funnels.crediting import ledger_credits
from quotaloom.funnels.crediting_requests import WinFacts, crediting_requests
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.policies.crediting import CreditingOutcome, ask_for_credits
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.trials import Reasons, Trial, TrialLine

MOST_DEALS = 10_000
"""On how many deals a rule is tried at a time."""

Shared = dict[tuple[int, CreditKind], int]


async def try_crediting(work: Work, host: PolicyHost, selected: SelectedPolicy, period: Period) -> Trial:
    """What the rule would have given of each deal that was won in the period, beside what the ledger has of it.

    Amounts are in the deal's own currency. Raises `InputError` TOO_MANY_DEALS, and `PolicyFailed`.
    """
    async with work.snapshot() as snapshot:
        wins = await _wins(snapshot, period)
        requests = await crediting_requests(snapshot, wins, selected.policy.needs)
        stored = await _stored(snapshot, [win.deal_id for win in wins])
    outcomes = await ask_for_credits(host, selected, requests, company_id=work.viewer.company_id)
    lines = [
        line
        for win, outcome in zip(wins, outcomes, strict=True)
        for line in _lines(win, stored[win.deal_id], _simulated(win, outcome))
    ]
    reasons = tuple(
        Reasons(outcome.explanation.to_json(), opportunity_id=win.deal_id)
        for win, outcome in zip(wins, outcomes, strict=True)
    )
    return Trial(selected, tuple(lines), reasons)


async def _wins(snapshot: Snapshot, period: Period) -> list[WinFacts]:
    rows = await snapshot.fetch(
        "SELECT deal.id, deal.version, deal.amount, deal.currency, deal.closed_on FROM opportunity AS deal"
        " JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id AND stage.outcome = 'won'"
        " WHERE deal.closed_on >= $1 AND deal.closed_on < $2 AND deal.amount IS NOT NULL"
        " ORDER BY deal.closed_on, deal.id LIMIT $3",
        period.starts_on,
        period.ends_on,
        MOST_DEALS + 1,
    )
    if len(rows) > MOST_DEALS:
        raise InputError(
            "TOO_MANY_DEALS", f"{period.label} has more than {MOST_DEALS} won deals; try a shorter period", ("period",)
        )
    return [WinFacts(row["id"], row["version"], row["amount"], row["currency"], row["closed_on"]) for row in rows]


async def _stored(snapshot: Snapshot, deals: Sequence[int]) -> defaultdict[int, Shared]:
    """What the deals' latest wins have posted of revenue, by position and kind of credit, in their own currency."""
    rows: list[Record] = await snapshot.fetch(
        "SELECT entry.opportunity_id, entry.position_id, entry.credit, sum(entry.original_amount)::bigint AS amount"
        " FROM achievement_entry AS entry JOIN opportunity AS deal ON deal.company_id = entry.company_id"
        " AND deal.id = entry.opportunity_id WHERE entry.opportunity_id = ANY($1)"
        " AND starts_with(entry.idempotency_key, format('opportunity:%s:win:%s:revenue', deal.id, deal.wins))"
        " GROUP BY entry.opportunity_id, entry.position_id, entry.credit",
        list(deals),
    )
    found: defaultdict[int, Shared] = defaultdict(dict)
    for row in rows:
        found[row["opportunity_id"]][row["position_id"], CreditKind(row["credit"])] = row["amount"]
    return found


def _simulated(win: WinFacts, outcome: CreditingOutcome) -> Shared:
    credits = ledger_credits(outcome)
    amounts = credit_money(win.amount, [(credit.kind, Fraction(credit.share)) for credit in credits])
    return {(credit.position_id, kind): amount for credit, (kind, amount) in zip(credits, amounts, strict=True)}


def _lines(win: WinFacts, stored: Shared, simulated: Shared) -> Iterator[TrialLine]:
    for position_id, kind in sorted(stored.keys() | simulated.keys()):
        yield TrialLine(
            unit_id=position_id,
            period=win.closed_on.isoformat(),
            what=kind.value,
            stored=stored.get((position_id, kind)),
            simulated=simulated.get((position_id, kind)),
            scale=currency_scale(win.currency),
            opportunity_id=win.deal_id,
            currency=win.currency,
        )
