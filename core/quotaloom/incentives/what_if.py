"""What a member's statement would be with deals that are still open: computed as in a run, and written nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from quotaloom.achievements.entries import Draft
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import ONE_DAY, Grain, Period
from quotaloom.funnels.supposed_wins import SupposedDeal, entries_of_supposed, supposed_wins
from quotaloom.incentives.batches import Gathered, decide, gather
from quotaloom.incentives.chains import needs_of
from quotaloom.incentives.computing import RunFailed
from quotaloom.incentives.figures import load_metrics
from quotaloom.incentives.statements import Statement
from quotaloom.incentives.supposing import Supposed, with_supposed
from quotaloom.incentives.team_facts import positions_below
from quotaloom.metrics.reads import all_metrics, products_by_id
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import Need

MOST_MORE: Final = 20
"""How many plain amounts are supposed at a time."""


@dataclass(frozen=True, slots=True)
class SupposedAmount:
    """An amount of a metric, by its key, that is supposed to be credited to the member himself; may be below 0."""

    metric: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Whose statement is asked for, of the period under way of a grain, and what is supposed to happen in it.

    `deals` have None for a close date that is today, or the last day of the period where that comes first.
    """

    member_id: int
    grain: Grain = Grain.MONTH
    deals: Sequence[tuple[int, Decimal | None, date | None]] = ()
    more: Sequence[SupposedAmount] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The statement as it stands, and as it would be; `credits` is what the deals count for, for everybody.

    `metrics` are those of the credits, by id. A side is None where no rule of the grain is for the member.
    """

    period: Period
    currency: str
    before: Statement | None
    after: Statement | None
    credits: Sequence[Draft]
    metrics: Mapping[int, Any]

    def rules(self) -> list[tuple[str, int, int]]:
        """What each rule's lines come to before and after, in the order in which they come first."""
        sides = [{} if one is None else _by_rule(one) for one in (self.before, self.after)]
        keys = dict.fromkeys([*sides[0], *sides[1]])
        return [(key, sides[0].get(key, 0), sides[1].get(key, 0)) for key in keys]


def _by_rule(statement: Statement) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in statement.lines:
        found[line.rule] = found.get(line.rule, 0) + line.amount
    return found


async def ask_what_if(work: Work, host: PolicyHost, asked: WhatIf) -> Answer:
    """The member's statement so far, and what it would be; nothing is written.

    For the member himself, a head of his, and whoever sees everything; of deals that the viewer may see. Raises
    `NotFound` for member, deals and metrics, `InputError` BAD_DATE, TOO_MANY and what `supposed_wins` raises;
    POLICY_OFF and POLICY_UNAVAILABLE where the rules in force cannot be asked, POLICY_FAILED where one of them fails;
    `PolicyFailed` for the crediting rule.
    """
    period = fiscal_calendar(work.company).containing(work.today, asked.grain)
    deals = _deals(asked, period, work.today)
    if len(asked.more) > MOST_MORE:
        raise InputError("TOO_MANY", f"suppose {MOST_MORE} amounts at the most", ("amounts",))
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        known = await snapshot.fetch_one("SELECT 1 FROM member WHERE id = $1", asked.member_id)
    if known is None or not sight.sees_member(asked.member_id):
        raise NotFound("NOT_FOUND", "there is no member with this id that you can see", ("memberId",))
    wins = await supposed_wins(work, host, deals, sight.units_with_figures)
    async with work.snapshot() as snapshot:
        gathered = await gather(snapshot, work.company, host, period, [asked.member_id])
        drafts = await entries_of_supposed(snapshot, work.company, wins, period.ends_on - ONE_DAY) if wins else []
        supposed = await _supposed(snapshot, host, gathered, asked, period, drafts, work.today)
    try:
        before = await decide(host, gathered, period, company_id=work.company.id)
        after = await decide(host, with_supposed(gathered, supposed), period, company_id=work.company.id)
    except RunFailed as error:
        raise InputError("POLICY_FAILED", str(error), ("memberId",)) from error
    return Answer(
        period,
        work.company.currency,
        next(iter(before.statements), None),
        next(iter(after.statements), None),
        drafts,
        {metric["id"]: metric for metric in supposed.metrics.rows},
    )


def _deals(asked: WhatIf, period: Period, today: date) -> list[SupposedDeal]:
    found = []
    for place, (opportunity_id, amount, closed_on) in enumerate(asked.deals):
        day = closed_on or today
        if day not in period:
            message = f"{day} is not in {period.label}, the period under way"
            raise InputError("BAD_DATE", message, ("deals", place, "closedOn"))
        found.append(SupposedDeal(opportunity_id, day, amount))
    return found


async def _supposed(
    snapshot: Snapshot,
    host: PolicyHost,
    gathered: Gathered,
    asked: WhatIf,
    period: Period,
    drafts: Sequence[Draft],
    today: date,
) -> Supposed:
    chain = gathered.chains[asked.member_id]
    needs = needs_of(chain, host.registry)
    metrics = await load_metrics(snapshot, period)
    below = await positions_below(snapshot, [asked.member_id], period) if Need.TEAM in needs else []
    products = sorted({draft.product_id for draft in drafts if draft.product_id is not None})
    keys = {row["id"]: row["key"] for row in await products_by_id(snapshot, products)} if products else {}
    return Supposed(
        member_id=asked.member_id,
        metrics=metrics,
        drafts=drafts,
        more=[(metric_id, amount, today) for metric_id, amount in await _more(snapshot, asked.more)],
        products=keys,
        team_positions=frozenset(row["position_id"] for row in below),
        entries=Need.HISTORY in needs,
    )


async def _more(snapshot: Snapshot, more: Sequence[SupposedAmount]) -> list[tuple[int, int]]:
    """The ids of metrics with amounts in their smallest units."""
    if not more:
        return []
    known = {row["key"]: row for row in await all_metrics(snapshot)}
    found = []
    for place, one in enumerate(more):
        metric = known.get(one.metric)
        if metric is None or metric["of_metric_id"] is not None:
            message = f"there is no metric {one.metric[:60]!r} that is posted to"
            raise NotFound("UNKNOWN_METRIC", message, ("amounts", place, "metric"))
        found.append((metric["id"], parse_amount(one.amount, metric["scale"], ("amounts", place, "amount"))))
    return found
