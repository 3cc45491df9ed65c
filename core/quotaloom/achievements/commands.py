"""Posting achievements of other systems, and reversing entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from quotaloom.achievements.entries import Credit, EntrySource, PostedEntry, Posting, Reversal
from quotaloom.achievements.ledger import prepare, reverse, write
from quotaloom.achievements.posting_facts import storable
from quotaloom.achievements.storing import ENTRY_COLUMNS, posted
from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_ITEMS: Final = 1000
"""How many achievements one request may post."""

SOURCES: Final = (EntrySource.ORDER, EntrySource.PAYMENT, EntrySource.ACTIVITY)
"""What other systems post; deals post by being won, files by being imported, refunds by reversing."""


@dataclass(frozen=True, slots=True)
class NewAchievement:
    """An order, payment, or activity such as a visit, of another system.

    `amount` is a decimal in whole units (yuan, orders), as in `Posting`, with no more places than the currency, or the
    metric of a count, has. `currency` None is the company's own. The rest is as in `Posting`; the source key is
    what the other system calls it.
    """

    metric_id: int
    amount: Decimal
    business_date: date
    source: EntrySource
    source_key: str
    idempotency_key: str
    credits: tuple[Credit, ...]
    currency: str | None = None
    customer_id: int | None = None
    product_id: int | None = None
    opportunity_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewReversal:
    """The undoing of one entry, wholly or partly.

    `amount` is a positive decimal in the entry's original currency; None is all that is left. The rest is as in
    `Reversal`; without a `source_key` it is that of the entry.
    """

    entry_id: int
    idempotency_key: str
    reason: str
    amount: Decimal | None = None
    source_key: str | None = None
    business_date: date | None = None


async def post_achievements(work: Work, items: Sequence[NewAchievement]) -> list[PostedEntry]:
    """Post up to `MOST_ITEMS` orders, payments and activities; returns their entries, in order, one for each credit.

    Nothing is written unless every item is good: raises one `InputError`, or `ManyRefused` with all of them,
    paths beginning with "items" and the item's place. Codes as in `ledger.append`, and TOO_MANY_ITEMS, NO_ITEMS,
    BAD_SOURCE, NOT_A_NUMBER, TOO_PRECISE.
    """
    work.viewer.require(Scope.ACHIEVEMENTS, "posting achievements")
    if not items:
        raise InputError("NO_ITEMS", "there is nothing to post: send 1 item or more", ("items",))
    if len(items) > MOST_ITEMS:
        message = f"{len(items)} items are too many for one request: send up to {MOST_ITEMS} at a time"
        raise InputError("TOO_MANY_ITEMS", message, ("items",))

    async def apply(transaction: Transaction) -> list[PostedEntry]:
        scales = await _scales(transaction, items)
        postings, errors = _postings(work, items, scales)
        unread = {error.path[0] for error in errors}
        prepared = await prepare(transaction, work.company, postings, refused=bool(errors))
        errors += [
            error
            for error in prepared.errors
            if not (error.path[0] in unread and error.code == "IDEMPOTENCY_KEY_REUSED")
        ]
        raise_all([error.at("items") for error in sorted(errors, key=lambda error: error.path[0])])
        try:
            entries = await write(transaction, work.company, prepared)
        except InputError as error:
            raise error.at("items") if error.path else error from None
        _tell(transaction, entries)
        return entries

    return await work.write(apply)


async def reverse_achievement(work: Work, reversal: NewReversal) -> PostedEntry:
    """Reverse an entry; returns the negative entry. A reason is needed.

    Raises what `ledger.reverse` raises, and NO_REASON, TOO_LONG and BAD_TEXT (of the reason), NOT_A_NUMBER,
    TOO_PRECISE.
    """
    work.viewer.require(Scope.ACHIEVEMENTS, "reversing an achievement")
    if (reason := checked_reason(reversal.reason)) is None:
        raise InputError("NO_REASON", "say why the entry is reversed", ("reason",))

    async def apply(transaction: Transaction) -> PostedEntry:
        original = await _entry(transaction, reversal.entry_id)
        wanted = Reversal(
            entry_id=original.id,
            amount=await _minor(transaction, original, reversal.amount),
            idempotency_key=reversal.idempotency_key,
            source_key=original.source_key if reversal.source_key is None else reversal.source_key,
            business_date=reversal.business_date,
        )
        try:
            (entry,) = await reverse(transaction, work.company, [wanted])
        except InputError as error:
            raise InputError(error.code, _told(work, error), error.path[1:]) from None
        if not entry.replayed:
            facts = {"amount": entry.amount, "key": reversal.idempotency_key, "reverses": original.id}
            transaction.record("achievement.reverse", "Achievement", entry.id, after=facts, reason=reason)
            transaction.publish("achievement.reversed", id=entry.id, reverses=original.id)
        return entry

    return await work.write(apply)


def _told(work: Work, error: InputError) -> str:
    """The message of a refusal; how much of an entry is left is for those who may read it."""
    if error.code == "MORE_THAN_IS_LEFT" and not work.viewer.may_read:
        return "this is more than is left of the entry"
    return error.message


def _postings(
    work: Work, items: Sequence[NewAchievement], scales: dict[int, int | None]
) -> tuple[list[Posting], list[InputError]]:
    postings, errors = [], []
    for place, item in enumerate(items):
        amount = 0
        try:
            amount = _minor_units(work, item, scales)
        except InputError as error:
            errors.append(error.at(place))
        if item.source not in SOURCES:
            allowed = f"{', '.join(source.upper() for source in SOURCES[:-1])} or {SOURCES[-1].upper()}"
            message = f"other systems post {allowed}, not {str(item.source)[:20].upper()}"
            errors.append(InputError("BAD_SOURCE", message, (place, "source")))
        postings.append(
            Posting(
                metric_id=item.metric_id,
                amount=amount,
                currency=item.currency,
                business_date=item.business_date,
                source=item.source,
                source_key=item.source_key,
                idempotency_key=item.idempotency_key,
                credits=item.credits,
                customer_id=item.customer_id,
                product_id=item.product_id,
                opportunity_id=item.opportunity_id,
            )
        )
    return postings, errors


def _minor_units(work: Work, item: NewAchievement, scales: dict[int, int | None]) -> int:
    """The item's amount, or 0 where the posting's own checks will refuse its metric or currency."""
    if item.metric_id not in scales:
        return 0
    scale = scales[item.metric_id]
    if scale is None:
        try:
            scale = currency_scale(known_currency(item.currency or work.company.currency))
        except InputError:
            return 0
    return parse_amount(item.amount, scale, ("amount",))


async def _scales(transaction: Transaction, items: Sequence[NewAchievement]) -> dict[int, int | None]:
    """The decimal places of the counts; None for money, whose currency decides."""
    rows = await metrics_by_id(transaction, storable(item.metric_id for item in items))
    return {row["id"]: row["scale"] if row["kind"] == "count" else None for row in rows}


async def _entry(transaction: Transaction, entry_id: int) -> PostedEntry:
    row = await transaction.fetch_one(
        f"SELECT {ENTRY_COLUMNS} FROM achievement_entry WHERE id = ANY($1)",  # noqa: S608 (column names)
        storable([entry_id]),
    )
    if row is None:
        raise NotFound("UNKNOWN_ENTRY", "there is no such entry", ("entryId",))
    return posted(row)


async def _minor(transaction: Transaction, entry: PostedEntry, amount: Decimal | None) -> int | None:
    if amount is None:
        return None
    if entry.currency:
        return parse_amount(amount, currency_scale(entry.currency), ("amount",))
    (metric,) = await metrics_by_id(transaction, [entry.metric_id])
    return parse_amount(amount, metric["scale"], ("amount",))


def _tell(transaction: Transaction, entries: Sequence[PostedEntry]) -> None:
    """One audit entry and one event for what is new; a request that was answered before leaves none."""
    fresh = [entry for entry in entries if not entry.replayed]
    if fresh:
        keys = sorted({entry.idempotency_key.rpartition("#")[0] for entry in fresh})
        ids = sorted({entry.id for entry in fresh})
        facts = {"postings": len(keys), "entries": len(ids), "keys": keys}
        transaction.record("achievement.post", "Achievement", None, after=facts)
        transaction.publish("achievement.posted", ids=ids)
