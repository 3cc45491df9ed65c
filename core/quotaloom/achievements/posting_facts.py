"""What postings refer to: metrics, positions and their holders, members, customers … each read once for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from quotaloom.achievements.entries import Posting
from quotaloom.metrics.rates import RateKind, RateTable
from quotaloom.metrics.reads import metrics_by_id, rate_table
from quotaloom.organizations.spans import Span
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts

NAMED = ("member", "customer", "product", "opportunity")
"""The kinds of rows that a posting may name besides its metric and its positions."""

_FOUND = """
SELECT 'position' AS kind, id, name, opened_on AS since, closed_on AS until, NULL::bigint AS member_id
FROM org_unit WHERE id = ANY($1) AND kind = 'position'
UNION ALL SELECT 'holding', position_id, NULL, valid_from, valid_to, member_id FROM holding WHERE position_id = ANY($1)
UNION ALL SELECT 'member', id, name, NULL, NULL, NULL FROM member WHERE id = ANY($2)
UNION ALL SELECT 'customer', id, name, NULL, NULL, NULL FROM customer WHERE id = ANY($3)
UNION ALL SELECT 'product', id, name, NULL, NULL, NULL FROM product WHERE id = ANY($4)
UNION ALL SELECT 'opportunity', id, name, NULL, NULL, NULL FROM opportunity WHERE id = ANY($5)
"""


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """What was found: names of rows by kind and id, booking rates, and who holds what.

    `open` has the days on which each position exists, `holdings` the spans in which members hold it.
    """

    metrics: dict[int, Record]
    names: dict[str, dict[int, str]]
    open: dict[int, Span]
    holdings: dict[int, list[tuple[Span, int]]]
    rates: RateTable
    today: date

    def holder(self, position_id: int, day: date) -> int | None:
        """The member who holds the position on a day."""
        for span, member_id in self.holdings.get(position_id, ()):
            if span.start <= day < span.end:
                return member_id
        return None

    def has_held(self, position_id: int, member_id: int) -> bool:
        """Whether the member holds or has held the position up to today."""
        return any(
            holder == member_id and span.start <= self.today for span, holder in self.holdings.get(position_id, ())
        )


async def read_facts(
    source: Snapshot | Transaction,
    company: CompanyFacts,
    postings: Sequence[Posting],
    metrics: dict[int, Record],
    today: date,
) -> PostingFacts:
    """Everything that is needed to credit the postings, in as many statements however many they are.

    `today` is the last day that they may be of.
    """
    credits = [credit for posting in postings for credit in posting.credits]
    names: dict[str, dict[int, str]] = {kind: {} for kind in ("position", *NAMED)}
    open_: dict[int, Span] = {}
    holdings: dict[int, list[tuple[Span, int]]] = defaultdict(list)
    for kind, id_, name, since, until, member_id in await source.fetch(
        _FOUND,
        storable({credit.position_id for credit in credits}),
        storable({credit.member_id for credit in credits}),
        storable({posting.customer_id for posting in postings}),
        storable({posting.product_id for posting in postings}),
        storable({posting.opportunity_id for posting in postings}),
    ):
        if kind == "holding":
            holdings[id_].append((Span.of(since, until), member_id))
            continue
        names[kind][id_] = name
        if kind == "position":
            open_[id_] = Span.of(since, until)
    rates = RateTable(company.currency)
    if foreign := {posting.currency for posting in postings if posting.currency} - {company.currency}:
        rates = await rate_table(source, company.currency, RateKind.BOOKING, sorted(foreign))
    return PostingFacts(metrics, names, open_, holdings, rates, today)


async def read_metrics(source: Snapshot | Transaction, postings: Iterable[Posting]) -> dict[int, Record]:
    """The metrics that the postings name, by id, in one statement."""
    rows = await metrics_by_id(source, storable({posting.metric_id for posting in postings}))
    return {row["id"]: row for row in rows}


def storable(ids: Iterable[int | None]) -> list[int]:
    """Each id once, without those that no row can have: an id from outside may be any whole number."""
    return sorted({id_ for id_ in ids if id_ is not None and 0 < id_ <= LARGEST})
