"""What is posted to the ledger, what is reversed, and what stands there afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from quotaloom.achievements.splits import CreditKind


class EntrySource(StrEnum):
    """Where an entry comes from."""

    OPPORTUNITY = "opportunity"
    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"
    IMPORT = "import"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class Credit:
    """One position's part of a posting.

    Direct shares of a posting add up to exactly 1; each overlay share is 0 to 1 and comes on top. Without a
    `member_id` it is the holder of the position on the business date.
    """

    position_id: int
    share: Fraction
    kind: CreditKind = CreditKind.DIRECT
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """Something achieved, to be credited once under its `idempotency_key` (1 to 240 characters).

    `amount` is in minor units of `currency`, or of the metric for a count, and not negative, but for the metrics of
    `MAY_BE_NEGATIVE`. `currency` is an ISO 4217 code; None is the company's own for money, and the only value for a
    count.
    """

    metric_id: int
    amount: int
    currency: str | None
    business_date: date
    source: EntrySource
    source_key: str
    idempotency_key: str
    credits: tuple[Credit, ...]
    customer_id: int | None = None
    product_id: int | None = None
    opportunity_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """The undoing of one entry, wholly or partly, once under its `idempotency_key` (1 to 240 characters).

    `amount` is positive and in the entry's original minor units; None is all that is left. Without a
    `business_date` it is the original's, or today's where the company's reversals carry their own.
    """

    entry_id: int
    amount: int | None
    idempotency_key: str
    source_key: str
    source: EntrySource = EntrySource.REFUND
    business_date: date | None = None


class Draft(NamedTuple):
    """An entry that is about to be written; amounts as in `PostedEntry`, the key with its number."""

    metric_id: int
    position_id: int
    member_id: int
    business_date: date
    credit: CreditKind
    amount: int
    original_amount: int
    currency: str | None
    rate: Decimal | None
    source: EntrySource
    source_key: str
    idempotency_key: str
    reverses_id: int | None = None
    opportunity_id: int | None = None
    customer_id: int | None = None
    product_id: int | None = None


class PostedEntry(NamedTuple):
    """An entry as it stands in the ledger, for good: what is given to it there, then what its draft said.

    `amount` is in minor units of the metric, `original_amount` in minor units of `currency` (null for counts),
    converted once at `rate`. `replayed` says that it stood there before, posted by the same request; entries that
    differ in nothing else are equal.
    """

    id: int
    posted_at: datetime
    posted_on: date
    metric_id: int
    position_id: int
    member_id: int
    business_date: date
    credit: CreditKind
    amount: int
    original_amount: int
    currency: str | None
    rate: Decimal | None
    source: EntrySource
    source_key: str
    idempotency_key: str
    reverses_id: int | None
    opportunity_id: int | None
    customer_id: int | None
    product_id: int | None
    replayed: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PostedEntry) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:-1])


def entry_key(idempotency_key: str, number: int) -> str:
    """The key of a posting's entry: that of its credit in the order given."""
    return f"{idempotency_key}#{number}"
