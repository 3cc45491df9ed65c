"""The lines of a deal: which products, how many of each, and for how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from asyncpg import Record

from quotaloom.platform.amounts import LARGEST, apportion, has_places
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction

MOST_LINES = 200
"""How many lines a deal may have."""

MOST_QUANTITY = Decimal(10) ** 14
"""What a quantity lies below; it has up to four decimal places."""


@dataclass(frozen=True, slots=True)
class DealLine:
    """A product of a deal; `quantity` above 0, `amount` in minor units of the deal's currency, for all of it."""

    product_id: int
    quantity: Decimal = Decimal(1)
    amount: int | None = None


def amount_of_lines(lines: Sequence[DealLine]) -> int | None:
    """What the lines come to; None where there are none, or none of them has an amount."""
    amounts = [line.amount for line in lines if line.amount is not None]
    return sum(amounts) if amounts else None


def check_lines(lines: Sequence[DealLine], amount: int | None) -> None:
    """Raise `InputError` for what cannot be the lines of a deal of `amount`.

    Either all lines have amounts or none; where they have, these make the deal's: LINES_DIFFER at `amount`.
    """
    if len(lines) > MOST_LINES:
        raise InputError("TOO_MANY_LINES", f"a deal has at most {MOST_LINES} lines", ("lines",))
    for number, line in enumerate(lines):
        _check_line(line, ("lines", number))
    total = amount_of_lines(lines)
    if total is None:
        return
    for number, line in enumerate(lines):
        if line.amount is None:
            message = "tell the amount of every line, or of none of them"
            raise InputError("AMOUNT_NEEDED", message, ("lines", number, "amount"))
    if total > LARGEST:
        raise InputError("TOO_LARGE", "the lines together do not fit into 64 bits of minor units", ("lines",))
    if amount != total:
        message = "the amount is not what the lines come to: send the lines with it, or leave it out"
        raise InputError("LINES_DIFFER", message, ("amount",))


def _check_line(line: DealLine, path: Path) -> None:
    if not (has_places(line.quantity, 4) and 0 < line.quantity < MOST_QUANTITY):
        message = "a quantity lies above 0 and below 100,000,000,000,000, with up to four decimal places"
        raise InputError("BAD_QUANTITY", message, (*path, "quantity"))
    if line.amount is not None and line.amount < 0:
        raise InputError("NEGATIVE_AMOUNT", "the amount of a line is zero or more", (*path, "amount"))


def won_for(lines: Sequence[DealLine], amount: int) -> tuple[DealLine, ...]:
    """The lines of a deal that is won for `amount`: their amounts in proportion, exactly, by largest remainder.

    Lines without amounts stay so.
    """
    if amount_of_lines(lines) is None:
        return tuple(lines)
    parts = apportion(amount, [line.amount or 0 for line in lines])
    return tuple(replace(line, amount=part) for line, part in zip(lines, parts, strict=True))


async def insert_lines(transaction: Transaction, lines: Iterable[tuple[int, Sequence[DealLine]]]) -> None:
    """Insert the lines of many deals (by id) that have none yet, in one statement."""
    rows = [
        (deal_id, ordinal, line.product_id, line.quantity, line.amount)
        for deal_id, of_one in lines
        for ordinal, line in enumerate(of_one)
    ]
    if rows:
        await transaction.execute(
            "INSERT INTO opportunity_line (company_id, opportunity_id, ordinal, product_id, quantity, amount)"
            " SELECT $1, given.* FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::numeric[], $6::bigint[])"
            " AS given",
            transaction.company_id,
            *zip(*rows, strict=True),
        )


async def replace_lines(transaction: Transaction, deal_id: int, lines: Sequence[DealLine]) -> None:
    """Let a deal have these lines and no other."""
    await transaction.execute(
        "DELETE FROM opportunity_line WHERE company_id = $1 AND opportunity_id = $2", transaction.company_id, deal_id
    )
    await insert_lines(transaction, [(deal_id, lines)])


async def lines_of_deals(reader: Snapshot | Transaction, deal_ids: Sequence[int]) -> list[Record]:
    """The lines of these deals, each deal's in order; `opportunity_id` says whose, `currency` is the deal's."""
    return await reader.fetch(
        "SELECT line.opportunity_id, line.product_id, line.quantity, line.amount, deal.currency"
        " FROM opportunity_line AS line JOIN opportunity AS deal ON deal.company_id = line.company_id"
        " AND deal.id = line.opportunity_id WHERE line.company_id = $1 AND line.opportunity_id = ANY ($2::bigint[])"
        " ORDER BY line.opportunity_id, line.ordinal",
        reader.company_id,
        deal_ids,
    )
