"""Why deals are closed: the reasons that a funnel has for each outcome."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from quotaloom.funnels.stages import Outcome
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_REASON = "SELECT id, funnel_id, outcome, key, name, ordinal, archived FROM close_reason WHERE company_id = $1"


async def close_reasons_of(reader: Snapshot | Transaction, funnel_ids: Sequence[int]) -> list[Record]:
    """The reasons of these funnels, each outcome's in order, archived ones too; `funnel_id` says whose."""
    return await reader.fetch(
        f"{_REASON} AND funnel_id = ANY ($2::bigint[]) ORDER BY funnel_id, outcome, archived, ordinal, id",
        reader.company_id,
        list(funnel_ids),
    )


async def close_reasons_by_id(reader: Snapshot | Transaction, ids: Sequence[int]) -> list[Record]:
    """The reasons with these ids; an id that names none is left out."""
    return await reader.fetch(f"{_REASON} AND id = ANY ($2::bigint[])", reader.company_id, list(ids))


async def close_reason_id(transaction: Transaction, funnel_id: int, outcome: Outcome, key: str | None) -> int | None:
    """The id of the reason that a deal is closed with; None where its funnel has none for the outcome.

    Raises `InputError` REASON_NEEDED where it has some and none is given, `NotFound` UNKNOWN_REASON for a key that is
    none of them or archived.
    """
    rows = await close_reasons_of(transaction, [funnel_id])
    known = {row["key"]: int(row["id"]) for row in rows if row["outcome"] == outcome and not row["archived"]}
    if key in known:
        return known[key]
    choices = ", ".join(known) or "none"
    if key is not None:
        raise NotFound(
            "UNKNOWN_REASON",
            f"there is no reason {key[:80]!r} for {outcome} deals; there are: {choices}",
            ("reasonKey",),
        )
    if known:
        raise InputError("REASON_NEEDED", f"name why this deal is {outcome}, one of: {choices}", ("reasonKey",))
    return None
