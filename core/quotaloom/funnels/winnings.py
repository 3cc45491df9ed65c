"""What a win posts to the ledger, and how it is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from quotaloom.achievements.entries import Credit, EntrySource, Posting, Reversal
from quotaloom.achievements.ledger import append, reverse
from quotaloom.funnels.deal_lines import DealLine
from quotaloom.funnels.new_customers import first_wins, hold_customers, pass_on
from quotaloom.funnels.product_parts import credits_of_parts, sold_products
from quotaloom.funnels.splits import Split
from quotaloom.metrics.built_in import GROSS_MARGIN, NEW_CUSTOMERS, ORDERS, POSTED_BY_WINS, REVENUE
from quotaloom.metrics.reads import metrics_by_key, products_by_id
from quotaloom.platform.amounts import half_up
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class Win:
    """A deal won on `closed_on`, its revenue's business date; `amount` in minor units of `currency`.

    `number` counts the wins of the deal from 1. The members of `splits` are known; without any the holder of
    the position on that day gets the whole credit. `credits` of a rule take the place of both. Where its `lines` have
    amounts, they make the win's. What is wrong with the win is told at `path`.
    """

    opportunity_id: int
    key: str
    number: int
    amount: int
    currency: str
    closed_on: date
    position_id: int
    splits: Sequence[Split]
    customer_id: int | None = None
    product_id: int | None = None
    lines: tuple[DealLine, ...] = ()
    credits: tuple[Credit, ...] | None = None
    path: Path = ()


async def post_wins(transaction: Transaction, company: CompanyFacts, wins: Sequence[Win]) -> None:
    """Post what each win counts for, in a constant number of statements.

    That is its revenue and one order; its gross margin where the rate of its product is known, that part of the amount,
    half up; and one new customer with the first win of a customer. Revenue and margin of a deal with lines are posted
    for each product. Each has the same credits. Raises `InputError` where the company lacks a metric and what the
    ledger refuses, such as a missing rate.
    """
    if not wins:
        return
    await hold_customers(transaction, [win.customer_id for win in wins])
    placed = await postings_of_wins(transaction, wins)
    try:
        await append(transaction, company, [posting for _, posting in placed])
    except InputError as error:
        raise seen_from_wins(error, wins, [place for place, _ in placed]) from error


async def postings_of_wins(source: Snapshot | Transaction, wins: Sequence[Win]) -> list[tuple[int, Posting]]:
    """What each win counts for, as `post_wins` posts it, with the place of the win; nothing is written.

    Raises `InputError` NO_METRIC. Whoever is going to post them has to hold the customers.
    """
    metrics = await metrics_of_wins(source)
    firsts = await first_wins(source, [(win.customer_id, win.closed_on) for win in wins])
    rates = await _margin_rates(source, wins)
    return [
        (place, posting)
        for place, win in enumerate(wins)
        for posting in _postings(win, metrics, rates, first=place in firsts)
    ]


async def metrics_of_wins(source: Snapshot | Transaction) -> dict[str, int]:
    """The ids of the metrics that a win counts for, by key; raises `InputError` NO_METRIC where one is missing."""
    found = {row["key"]: row["id"] for row in await metrics_by_key(source, POSTED_BY_WINS)}
    for key in POSTED_BY_WINS:
        if key not in found:
            raise InputError("NO_METRIC", f"winning a deal needs a metric with the key {key!r}: define it first")
    return found


async def _margin_rates(source: Snapshot | Transaction, wins: Sequence[Win]) -> dict[int, Decimal]:
    """The gross margin rates of the products that were sold, by product, as far as they are known."""
    named = {number for win in wins for number in (win.product_id, *(line.product_id for line in win.lines))}
    products = sorted(number for number in named if number is not None)
    rows = await products_by_id(source, products) if products else []
    return {row["id"]: row["gross_margin_rate"] for row in rows if row["gross_margin_rate"] is not None}


def seen_from_wins(error: InputError, wins: Sequence[Win], places: Sequence[int]) -> InputError:
    """The errors at the wins that they concern; `places` has the win of each posting."""
    found: dict[tuple[str, Path], InputError] = {}
    for one in error.errors if isinstance(error, ManyRefused) else [error]:
        if not one.path:
            # The ledger as a whole refuses them: a balance would not fit.
            return one.at(*wins[0].path, "amount") if len(wins) == 1 else one
        number, *within = one.path
        path = _path_in(wins[places[int(number)]], within)
        found.setdefault((one.code, path), type(one)(one.code, one.message, path))
    return ManyRefused(list(found.values())) if len(found) > 1 else next(iter(found.values()))


def _path_in(win: Win, within: Sequence[str | int]) -> Path:
    if within[:1] == ["credits"] and win.credits is None:
        return (*win.path, "splits", *within[1:]) if win.splits else (*win.path, "positionId")
    return (*win.path, *("closedOn" if step == "businessDate" else step for step in within))


def _postings(win: Win, metrics: Mapping[str, int], rates: Mapping[int, Decimal], *, first: bool) -> Iterator[Posting]:
    credits = _credits(win)
    sold = sold_products(win.lines, win.product_id, win.amount)
    # An order and a new customer are of a product only where there is one.
    only = sold[0][0] if len(sold) == 1 else None

    def posting(
        metric: str,
        amount: int,
        currency: str | None,
        what: str,
        product_id: int | None = only,
        shared: tuple[Credit, ...] = credits,
    ) -> Posting:
        return Posting(
            metric_id=metrics[metric],
            amount=amount,
            currency=currency,
            business_date=win.closed_on,
            source=EntrySource.OPPORTUNITY,
            source_key=win.key,
            idempotency_key=f"opportunity:{win.opportunity_id}:win:{win.number}:{what}",
            credits=shared,
            customer_id=win.customer_id,
            product_id=product_id,
            opportunity_id=win.opportunity_id,
        )

    which = [f":{product_id}" if len(sold) > 1 else "" for product_id, _ in sold]
    for (product_id, amount), shared, named in zip(sold, _shared(sold, credits), which, strict=True):
        yield posting(REVENUE, amount, win.currency, f"revenue{named}", product_id, shared)
    yield posting(ORDERS, 1, None, "order")
    for (product_id, amount), named in zip(sold, which, strict=True):
        if (rate := rates.get(product_id or 0)) is not None:
            margin = half_up(amount * Fraction(rate))
            yield posting(GROSS_MARGIN, margin, win.currency, f"margin{named}", product_id)
    if first:
        yield posting(NEW_CUSTOMERS, 1, None, "customer")


def _shared(sold: Sequence[tuple[int | None, int]], credits: tuple[Credit, ...]) -> list[tuple[Credit, ...]]:
    """The credits of the revenue of each product; as they are, where the ledger will refuse them."""
    if len(sold) == 1:
        return [credits]
    try:
        return credits_of_parts([amount for _, amount in sold], credits)
    except InputError:
        return [credits for _ in sold]


def _credits(win: Win) -> tuple[Credit, ...]:
    if win.credits is not None:
        return win.credits
    if not win.splits:
        return (Credit(win.position_id, Fraction(1)),)
    return tuple(Credit(split.position_id, Fraction(split.share), split.kind, split.member_id) for split in win.splits)


async def reverse_win(
    transaction: Transaction,
    company: CompanyFacts,
    opportunity_id: int,
    key: str,
    number: int,
    on: date,
    customer_id: int | None = None,
) -> None:
    """Reverse what is left of the deal's entries: what was refunded before is not taken back twice.

    The reversals carry the originals' business dates, or `on` where the company's reversals carry their own. Where the
    deal had counted its customer as new, the next deal that is won does.
    """
    await hold_customers(transaction, [customer_id])
    rows = await transaction.fetch(
        "SELECT entry.id FROM achievement_entry AS entry LEFT JOIN achievement_entry AS reversal"
        " ON reversal.company_id = entry.company_id AND reversal.reverses_id = entry.id"
        " WHERE entry.company_id = $1 AND entry.opportunity_id = $2 AND entry.reverses_id IS NULL"
        " AND entry.source = 'opportunity' GROUP BY entry.company_id, entry.id"
        " HAVING entry.original_amount + coalesce(sum(reversal.original_amount), 0) <> 0 ORDER BY entry.id",
        transaction.company_id,
        opportunity_id,
    )
    reversals = [
        Reversal(
            entry_id=row["id"],
            amount=None,
            idempotency_key=f"opportunity:{opportunity_id}:win:{number}:reopened:{row['id']}",
            source_key=key,
            source=EntrySource.OPPORTUNITY,
            business_date=on if company.reversal_date == "own" else None,
        )
        for row in rows
    ]
    if reversals:
        await reverse(transaction, company, reversals)
    if customer_id is not None:
        await pass_on(transaction, company, (await metrics_of_wins(transaction))[NEW_CUSTOMERS], customer_id)
