"""Writing entries and their balances in one statement, and reading entries back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg
from asyncpg import Record

from quotaloom.achievements.entries import Draft, EntrySource, PostedEntry
from quotaloom.achievements.splits import CreditKind
from quotaloom.platform.arrays import array_of, array_of_texts
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts

ENTRY_COLUMNS = ", ".join(PostedEntry._fields[:-1])

_TEXTS = ("source_key", "idempotency_key")
_DRAFT_TYPES = (
    *("bigint", "bigint", "bigint", "date", "text", "bigint", "bigint", "text", "numeric", "text", "text", "text"),
    *("bigint", "bigint", "bigint", "bigint"),
)
_DRAFT_ARRAYS = ", ".join(f"${number}::text::{name}[]" for number, name in enumerate(_DRAFT_TYPES, 4))

# What is known of the entries does not come back: reading all of it took a fifth of the whole.
_STORE = f"""
WITH fresh AS (
    INSERT INTO achievement_entry (company_id, posted_at, posted_on, {", ".join(Draft._fields)})
    SELECT $1, $2, $3, draft.* FROM unnest({_DRAFT_ARRAYS}) AS draft
    ON CONFLICT (company_id, idempotency_key) DO NOTHING
    RETURNING id, idempotency_key, position_id, metric_id, business_date, member_id, posted_on, currency, product_id,
        credit, amount, original_amount
), balanced AS (
    INSERT INTO achievement_balance AS balance (
        company_id, position_id, metric_id, business_date, member_id, posted_on, currency, product_id,
        direct, overlay, original_direct, original_overlay
    )
    SELECT $1, position_id, metric_id, business_date, member_id, posted_on, COALESCE(currency, '') AS currency,
        COALESCE(product_id, 0) AS product_id,
        COALESCE(sum(amount) FILTER (WHERE credit = 'direct'), 0),
        COALESCE(sum(amount) FILTER (WHERE credit = 'overlay'), 0),
        COALESCE(sum(original_amount) FILTER (WHERE credit = 'direct'), 0),
        COALESCE(sum(original_amount) FILTER (WHERE credit = 'overlay'), 0)
    FROM fresh GROUP BY 2, 3, 4, 5, 6, 7, 8 ORDER BY 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (company_id, position_id, metric_id, business_date, member_id, posted_on, currency, product_id)
    DO UPDATE SET
        direct = balance.direct + excluded.direct,
        overlay = balance.overlay + excluded.overlay,
        original_direct = balance.original_direct + excluded.original_direct,
        original_overlay = balance.original_overlay + excluded.original_overlay
)
SELECT id, idempotency_key FROM fresh
"""  # noqa: S608 (column names)


# As a join: of a new table that nobody has analyzed, PostgreSQL would rather read all entries than look up many keys.
_BY_KEY = f"""
SELECT {", ".join(f"entry.{name}" for name in ENTRY_COLUMNS.split(", "))} FROM unnest($1::text::text[]) AS wanted (key)
JOIN achievement_entry AS entry ON entry.idempotency_key = wanted.key
"""  # noqa: S608 (column names)


async def store(transaction: Transaction, company: CompanyFacts, drafts: Iterable[Draft]) -> dict[str, PostedEntry]:
    """Write the entries and add them to the balances; returns those that were written, by idempotency key.

    A key that stands in the ledger already is left out, also where another transaction has just written it.
    Entries get their ids in the order of the drafts.
    """
    by_key = {draft.idempotency_key: draft for draft in drafts}
    if not by_key:
        return {}
    today = company.today(transaction.now)
    try:
        rows = await transaction.fetch(_STORE, company.id, transaction.now, today, *_columns(by_key.values()))
    except asyncpg.NumericValueOutOfRangeError:
        raise InputError("TOO_LARGE", "the balance of a position would not fit into 64 bits of minor units") from None
    stored = {key: PostedEntry._make((id_, transaction.now, today, *by_key[key], False)) for id_, key in rows}
    if stored:
        transaction.attainment_changed(
            {entry.metric_id for entry in stored.values()}, {entry.position_id for entry in stored.values()}
        )
    return stored


def _columns(drafts: Iterable[Draft]) -> list[str]:
    columns = zip(*drafts, strict=True)
    return [
        array_of_texts(column) if name in _TEXTS else array_of(column)
        for name, column in zip(Draft._fields, columns, strict=True)
    ]


def posted(row: Record, *, replayed: bool = False) -> PostedEntry:
    """An entry from a row of `ENTRY_COLUMNS`."""
    entry = PostedEntry._make((*row, replayed))
    return entry._replace(credit=CreditKind(entry.credit), source=EntrySource(entry.source))


async def entries_by_key(source: Snapshot | Transaction, keys: Sequence[str]) -> dict[str, PostedEntry]:
    """The entries that stand under these keys (of entries, with their number), by key."""
    if not keys:
        return {}
    rows = await source.fetch(_BY_KEY, array_of_texts(keys))
    return {row["idempotency_key"]: posted(row, replayed=True) for row in rows}
