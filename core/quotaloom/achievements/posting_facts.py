"""What postings refer to: metrics, positions and their holders, members, customers … each read once for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from quotaloom.achievements.entries import Posting
from quotaloom.metrics.rates import RateKind, RateTable
from quotaloom.metrics.reads import metrics_by_id, rate_table
from quotaloom.organizations.spans import Span
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts

REFERENCES = ("position", "member", "customer", "product", "opportunity")
"""The kinds of rows that a posting names besides its metric."""

_NAMES = """
SELECT 'position' AS kind, id, name, opened_on, closed_on FROM org_unit WHERE id = ANY($1) AND kind = 'position'
UNION ALL SELECT 'member', id, name, NULL, NULL FROM member WHERE id = ANY($2)
UNION ALL SELECT 'customer', id, name, NULL, NULL FROM customer WHERE id = ANY($3)
UNION ALL SELECT 'product', id, name, NULL, NULL FROM product WHERE id = ANY($4)
UNION ALL SELECT 'opportunity', id, name, NULL, NULL FROM opportunity WHERE id = ANY($5)
"""

_HOLDERS = """
SELECT wanted.position_id, wanted.day, holding.member_id
FROM unnest($2::bigint[], $3::date[]) AS wanted (position_id, day)
JOIN holding ON holding.company_id = $1 AND holding.position_id = wanted.position_id
    AND (holding.valid_from IS NULL OR holding.valid_from <= wanted.day)
    AND (holding.valid_to IS NULL OR wanted.day < holding.valid_to)
"""

_HELD = """
SELECT DISTINCT position_id, member_id FROM holding
WHERE company_id = $1 AND position_id = ANY($2) AND (valid_from IS NULL OR valid_from <= $3)
"""


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """What was found: names of rows by kind and id, booking rates, and who holds what.

    `open` has the days on which each position exists, `holders` the member by position and day, `held` each position
    with everybody who has held it up to `today`, for the positions whose member is named.
    """

    metrics: dict[int, Record]
    names: dict[tuple[str, int], str]
    open: dict[int, Span]
    holders: dict[tuple[int, date], int]
    held: frozenset[tuple[int, int]]
    rates: RateTable
    today: date


async def read_facts(
    transaction: Transaction, company: CompanyFacts, postings: Sequence[Posting], metrics: dict[int, Record]
) -> PostingFacts:
    """Everything that is needed to credit the postings, in four statements however many they are."""
    names = await transaction.fetch(_NAMES, *(storable(_named(kind, postings)) for kind in REFERENCES))
    held = sorted(
        {
            (credit.position_id, posting.business_date)
            for posting in postings
            for credit in posting.credits
            if credit.member_id is None and 0 < credit.position_id <= LARGEST
        }
    )
    holders = await transaction.fetch(
        _HOLDERS, company.id, [position for position, _ in held], [day for _, day in held]
    )
    today = company.today(transaction.now)
    currencies = {posting.currency for posting in postings if posting.currency}
    rates = await rate_table(transaction, company.currency, RateKind.BOOKING, sorted(currencies))
    return PostingFacts(
        metrics,
        {(row["kind"], row["id"]): row["name"] for row in names},
        {row["id"]: Span.of(row["opened_on"], row["closed_on"]) for row in names if row["kind"] == "position"},
        {(row["position_id"], row["day"]): row["member_id"] for row in holders},
        await _held(transaction, company, postings, today),
        rates,
        today,
    )


async def _held(
    transaction: Transaction, company: CompanyFacts, postings: Sequence[Posting], today: date
) -> frozenset[tuple[int, int]]:
    credits = [credit for posting in postings for credit in posting.credits if credit.member_id is not None]
    if not credits:
        return frozenset()
    position_ids = storable(credit.position_id for credit in credits)
    rows = await transaction.fetch(_HELD, company.id, position_ids, today)
    return frozenset((row["position_id"], row["member_id"]) for row in rows)


async def read_metrics(transaction: Transaction, postings: Iterable[Posting]) -> dict[int, Record]:
    """The metrics that the postings name, by id, in one statement."""
    rows = await metrics_by_id(transaction, storable(posting.metric_id for posting in postings))
    return {row["id"]: row for row in rows}


def storable(ids: Iterable[int]) -> list[int]:
    """Each id once, without those that no row can have: an id from outside may be any whole number."""
    return sorted({id_ for id_ in ids if 0 < id_ <= LARGEST})


def references(posting: Posting) -> Iterable[tuple[str, int, tuple[str | int, ...]]]:
    """Every row that the posting names besides its metric: its kind, its id, and its path in the posting."""
    for place, credit in enumerate(posting.credits):
        yield "position", credit.position_id, ("credits", place, "positionId")
        if credit.member_id is not None:
            yield "member", credit.member_id, ("credits", place, "memberId")
    if posting.customer_id is not None:
        yield "customer", posting.customer_id, ("customerId",)
    if posting.product_id is not None:
        yield "product", posting.product_id, ("productId",)
    if posting.opportunity_id is not None:
        yield "opportunity", posting.opportunity_id, ("opportunityId",)


def _named(wanted: str, postings: Sequence[Posting]) -> set[int]:
    return {id_ for posting in postings for kind, id_, _ in references(posting) if kind == wanted}
