"""Reversing entries, never by more than is left of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from quotaloom.achievements.entries import Draft, PostedEntry, Reversal, entry_key
from quotaloom.achievements.posting_facts import storable
from quotaloom.achievements.postings import key_faults, key_reused
from quotaloom.achievements.storing import ENTRY_COLUMNS, entries_by_key, posted, store
from quotaloom.calendars.periods import known_day
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount, half_up
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts

LOCKS = 64
"""Entries share this many locks, so that a large batch does not exhaust PostgreSQL's."""

# The application may not lock rows of an append-only table.
_LOCK = """
SELECT pg_advisory_xact_lock($1::int, wanted.lock) FROM (
    SELECT DISTINCT hashtext('achievement_entry ' || (id % $3::int)) AS lock FROM unnest($2::bigint[]) AS id ORDER BY 1
) AS wanted
"""

_ORIGINALS = f"""
SELECT {ENTRY_COLUMNS} FROM achievement_entry WHERE id = ANY($1)
UNION SELECT {ENTRY_COLUMNS} FROM achievement_entry WHERE reverses_id = ANY($1) ORDER BY id
"""  # noqa: S608 (column names)


@dataclass
class Remainder:
    """An entry and what is left of it, in original minor units and in minor units of the metric."""

    entry: PostedEntry
    original_amount: int
    amount: int
    reversals: list[PostedEntry] = field(default_factory=list)
    taken: bool = False

    def take(self, wanted: int | None) -> tuple[int, int]:
        """Take `wanted` original minor units, or all that is left; returns them with their converted amount.

        The converted amount follows the share that is reversed so far, so that the parts of an entry that is
        wholly reversed add up to it exactly. Raises `InputError` NOTHING_LEFT or MORE_THAN_IS_LEFT.
        """
        original = self.original_amount if wanted is None else wanted
        if not (self.original_amount or self.amount) and (self.taken or self.reversals or wanted):
            raise InputError("NOTHING_LEFT", "nothing is left of this entry: it was reversed before", ("entryId",))
        if original > self.original_amount:
            raise InputError(
                "MORE_THAN_IS_LEFT",
                f"{self._spelled(original)} is more than the {self._spelled(self.original_amount)} that is left",
                ("amount",),
            )
        left = self.original_amount - original
        total = self.entry.original_amount
        amount = self.amount - (half_up(self.entry.amount * Fraction(left, total)) if left else 0)
        self.original_amount, self.amount, self.taken = left, self.amount - amount, True
        return original, amount

    def _spelled(self, amount: int) -> str:
        currency = self.entry.currency
        return f"{format_amount(amount, currency_scale(currency))} {currency}" if currency else str(amount)


async def reverse(transaction: Transaction, company: CompanyFacts, reversals: Sequence[Reversal]) -> list[PostedEntry]:
    """Append a negative entry for each reversal, in order: same position, member, credit and rate.

    Two reversals of one entry, in one batch or at once, never exceed it together. The same idempotency key with
    the same content again gives the first reversal. Nothing is written unless every one is good: raises the
    `InputError` of the one that is not, or `ManyRefused`, paths beginning with the reversal's place. Codes:
    BAD_KEY, NOT_POSITIVE, BAD_PERIOD, UNKNOWN_ENTRY, REVERSES_A_REVERSAL, NOTHING_LEFT, MORE_THAN_IS_LEFT,
    IDEMPOTENCY_KEY_REUSED.
    """
    raise_all([error.at(place) for place, reversal in enumerate(reversals) for error in _faults(reversal)])
    ids = storable(reversal.entry_id for reversal in reversals)
    await transaction.fetch(_LOCK, company.id % 2**31, ids, LOCKS)
    remainders = await _remainders(transaction, ids)
    keys = [entry_key(reversal.idempotency_key, 0) for reversal in reversals]
    stored = await entries_by_key(transaction, keys)
    own_date = company.today(transaction.now) if company.reversal_date == "own" else None
    drafts = _drafts(reversals, remainders, stored, own_date)
    written = stored | await store(transaction, company, drafts.values())
    for place, key in enumerate(keys):
        if key not in written:
            # Another transaction has used the key for another entry since we looked.
            raise key_reused(reversals[place].idempotency_key).at(place)
    return [written[key] for key in keys]


async def _remainders(transaction: Transaction, ids: Sequence[int]) -> dict[int, Remainder]:
    remainders: dict[int, Remainder] = {}
    for entry in map(posted, await transaction.fetch(_ORIGINALS, ids)):
        remainders[entry.id] = Remainder(entry, entry.original_amount, entry.amount)
        original = remainders.get(entry.reverses_id or 0)
        if original is not None:
            original.reversals.append(entry)
            original.original_amount += entry.original_amount
            original.amount += entry.amount
    return remainders


def _drafts(
    reversals: Sequence[Reversal],
    remainders: dict[int, Remainder],
    stored: dict[str, PostedEntry],
    own_date: date | None,
) -> dict[str, Draft]:
    errors = []
    drafts: dict[str, Draft] = {}
    firsts: dict[str, Reversal] = {}
    for place, reversal in enumerate(reversals):
        key = entry_key(reversal.idempotency_key, 0)
        try:
            remainder = _known(remainders.get(reversal.entry_id))
            if key in stored:
                _check_replay(reversal, stored[key], remainder)
            elif key not in firsts:
                firsts[key] = reversal
                drafts[key] = _draft(reversal, remainder, own_date)
            elif firsts[key] != reversal:
                raise key_reused(reversal.idempotency_key)
        except InputError as error:
            errors.append(error.at(place))
    raise_all(errors)
    return drafts


def _known(remainder: Remainder | None) -> Remainder:
    if remainder is None:
        raise NotFound("UNKNOWN_ENTRY", "there is no such entry", ("entryId",))
    if remainder.entry.reverses_id is not None:
        message = "this entry is itself a reversal and cannot be reversed: post what was achieved again"
        raise InputError("REVERSES_A_REVERSAL", message, ("entryId",))
    return remainder


def _check_replay(reversal: Reversal, stored: PostedEntry, remainder: Remainder) -> None:
    earlier = sum(entry.original_amount for entry in remainder.reversals if entry.id < stored.id)
    amount = remainder.entry.original_amount + earlier if reversal.amount is None else reversal.amount
    if (
        (reversal.entry_id, -amount, reversal.source, reversal.source_key)
        != (stored.reverses_id, stored.original_amount, stored.source, stored.source_key)
    ) or reversal.business_date not in (None, stored.business_date):
        raise key_reused(reversal.idempotency_key)


def _draft(reversal: Reversal, remainder: Remainder, own_date: date | None) -> Draft:
    original, amount = remainder.take(reversal.amount)
    entry = remainder.entry
    return Draft(
        metric_id=entry.metric_id,
        position_id=entry.position_id,
        member_id=entry.member_id,
        business_date=reversal.business_date or own_date or entry.business_date,
        credit=entry.credit,
        amount=-amount,
        original_amount=-original,
        currency=entry.currency,
        rate=entry.rate,
        source=reversal.source,
        source_key=reversal.source_key,
        idempotency_key=entry_key(reversal.idempotency_key, 0),
        reverses_id=entry.id,
        opportunity_id=entry.opportunity_id,
        customer_id=entry.customer_id,
        product_id=entry.product_id,
    )


def _faults(reversal: Reversal) -> list[InputError]:
    found = key_faults(reversal.idempotency_key, reversal.source_key)
    if reversal.amount is not None and reversal.amount <= 0:
        message = "a reversal has a positive amount, or none to reverse all that is left"
        found.append(InputError("NOT_POSITIVE", message, ("amount",)))
    if reversal.business_date is not None:
        try:
            known_day(reversal.business_date)
        except InputError as error:
            found.append(error.at("businessDate"))
    return found
