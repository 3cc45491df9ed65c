"""What open deals would count for if they were won: by the company's crediting rule, as a win posts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.achievements.entries import Draft
from quotaloom.achievements.previewing import preview
from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.crediting import CreditingPlan, blamed, crediting_setting, plan_credits
from quotaloom.funnels.crediting_requests import WinFacts
from quotaloom.funnels.deal_lines import DealLine, lines_of_deals, won_for
from quotaloom.funnels.opportunity_reads import opportunities_by_id
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.winnings import Win, postings_of_wins, seen_from_wins
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError, NotFound, Path
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts, Work
from quotaloom.policies.host import PolicyHost

MOST_DEALS = 50
"""How many deals are supposed to be won at a time."""


@dataclass(frozen=True, slots=True)
class SupposedDeal:
    """An open deal that is supposed to be won on `closed_on`; `amount`, in its currency, as it stands if not given."""

    opportunity_id: int
    closed_on: date
    amount: Any = None


@dataclass(frozen=True, slots=True)
class SupposedWin:
    """A deal as it would be won, and what the crediting rule said of it, where the company has one."""

    win: Win
    plan: CreditingPlan | None


async def supposed_wins(
    work: Work, host: PolicyHost, deals: Sequence[SupposedDeal], position_ids: Collection[int] | None
) -> list[SupposedWin]:
    """The deals as they would be won, with the credits that the company's rule gives; outside any transaction.

    `position_ids` are those whose deals the viewer may see, None for all. Raises `InputError` TOO_MANY, SAME_DEAL,
    CLOSED, WAITING, AMOUNT_NEEDED, NEGATIVE_AMOUNT and what `parse_amount` raises, `NotFound`, paths from `deals` on;
    `PolicyFailed`, naming the plugin.
    """
    if len(deals) > MOST_DEALS:
        raise InputError("TOO_MANY", f"suppose {MOST_DEALS} deals at the most", ("deals",))
    ids = [deal.opportunity_id for deal in deals]
    async with work.snapshot() as snapshot:
        rows = {row["id"]: row for row in await opportunities_by_id(snapshot, ids, position_ids)}
        splits = await _splits(snapshot, list(rows))
        lines = await _lines(snapshot, list(rows))
        settings = {day: await crediting_setting(snapshot, day) for day in sorted({deal.closed_on for deal in deals})}
    wins = []
    for place, deal in enumerate(deals):
        row = _open(rows.get(deal.opportunity_id), ids[:place], deal.opportunity_id, ("deals", place))
        amount = _amount(deal, row, ("deals", place, "amount"))
        wins.append(_win(deal, row, amount, splits, lines, ("deals", place)))
    return await _credited(work, host, wins, rows, settings)


def _open(row: Record | None, before: Sequence[int], opportunity_id: int, path: Path) -> Record:
    at = (*path, "opportunityId")
    if row is None:
        raise NotFound("UNKNOWN_OPPORTUNITY", "there is no such deal that you can see", at)
    if opportunity_id in before:
        raise InputError("SAME_DEAL", "a deal is won once: name each of them once", at)
    if row["outcome"] != Outcome.OPEN:
        raise InputError("CLOSED", f"{row['name']} is {row['outcome']}: it is not to be won any more", at)
    if row["position_id"] is None:
        raise InputError("WAITING", f"{row['name']} waits in a pool: nobody would be credited with it", at)
    return row


def _amount(deal: SupposedDeal, row: Record, path: Path) -> int:
    amount = row["amount"] if deal.amount is None else parse_amount(deal.amount, currency_scale(row["currency"]), path)
    if amount is None:
        raise InputError("AMOUNT_NEEDED", f"{row['name']} has no amount: tell what it would be won for", path)
    if amount < 0:
        raise InputError("NEGATIVE_AMOUNT", "a deal is won for zero or more", path)
    return int(amount)


def _win(
    deal: SupposedDeal,
    row: Record,
    amount: int,
    splits: dict[int, list[Split]],
    lines: dict[int, list[DealLine]],
    path: Path,
) -> Win:
    return Win(
        opportunity_id=row["id"],
        key=row["key"],
        number=row["wins"] + 1,
        amount=amount,
        currency=row["currency"],
        closed_on=deal.closed_on,
        position_id=row["position_id"],
        splits=splits.get(row["id"], ()),
        customer_id=row["customer_id"],
        product_id=row["product_id"],
        lines=won_for(lines.get(row["id"], ()), amount),
        path=path,
    )


async def _credited(
    work: Work,
    host: PolicyHost,
    wins: Sequence[Win],
    rows: Mapping[int, Record],
    settings: Mapping[date, Record | None],
) -> list[SupposedWin]:
    """The wins with what the rule of each close date gives; deals of one setting are asked about together."""
    by_setting: dict[tuple[str, int], list[int]] = defaultdict(list)
    chosen: dict[tuple[str, int], Record] = {}
    for place, win in enumerate(wins):
        setting = settings[win.closed_on]
        if setting is not None:
            key = (setting["policy"], setting["revision"])
            chosen[key] = setting
            by_setting[key].append(place)
    plans: dict[int, CreditingPlan] = {}
    for key, places in by_setting.items():
        facts = [_facts(wins[place], rows[wins[place].opportunity_id]["version"]) for place in places]
        found = await plan_credits(host, work.snapshot(), chosen[key], facts)
        plans.update(zip(places, found, strict=True))
    return [
        SupposedWin(replace(win, credits=plans[place].credits) if place in plans else win, plans.get(place))
        for place, win in enumerate(wins)
    ]


def _facts(win: Win, version: int) -> WinFacts:
    return WinFacts(win.opportunity_id, version, win.amount, win.currency, win.closed_on)


async def entries_of_supposed(
    snapshot: Snapshot, company: CompanyFacts, supposed: Sequence[SupposedWin], last_day: date
) -> list[Draft]:
    """The entries that the wins would post, written nowhere; close dates up to `last_day` are taken.

    Raises `InputError` for what the ledger would refuse, paths from `deals` on, and `PolicyFailed` where it would
    refuse the credits of a rule.
    """
    wins = [one.win for one in supposed]
    placed = await postings_of_wins(snapshot, wins)
    try:
        found = await preview(snapshot, company, [posting for _, posting in placed], last_day)
    except InputError as error:
        raise _told(seen_from_wins(error, wins, [place for place, _ in placed]), supposed) from error
    return [draft for of_posting in found for draft in of_posting]


def _told(error: InputError, supposed: Sequence[SupposedWin]) -> Exception:
    """The error at the deal that it concerns, or blamed on the rule that gave its credits."""
    first = error.errors[0] if isinstance(error, ManyRefused) else error
    if len(first.path) < 3:
        return first
    name, place, what, *within = first.path
    plan = supposed[int(place)].plan
    if what == "credits" and plan is not None:
        return blamed(plan, InputError(first.code, first.message, ("credits", *within)))
    at = what if what in ("amount", "closedOn") else "opportunityId"
    return type(first)(first.code, first.message, (name, place, at))


async def _splits(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, list[Split]]:
    found: dict[int, list[Split]] = defaultdict(list)
    rows = await snapshot.fetch(
        "SELECT opportunity_id, position_id, member_id, credit, share FROM opportunity_split"
        " WHERE opportunity_id = ANY ($1::bigint[]) ORDER BY opportunity_id, ordinal",
        list(ids),
    )
    for row in rows:
        split = Split(row["position_id"], row["share"], CreditKind(row["credit"]), row["member_id"])
        found[row["opportunity_id"]].append(split)
    return found


async def _lines(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, list[DealLine]]:
    found: dict[int, list[DealLine]] = defaultdict(list)
    for row in await lines_of_deals(snapshot, ids):
        found[row["opportunity_id"]].append(DealLine(row["product_id"], row["quantity"], row["amount"]))
    return found
