"""Who gets how much of the credit of a deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quotaloom.achievements.splits import CreditKind
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

MOST_SPLITS = 50
"""How many shares a deal may be split into."""


@dataclass(frozen=True, slots=True)
class Split:
    """A share of the credit of a deal, above 0 and up to 1 with at most eight places.

    `direct` shares divide the deal; `overlay` shares come on top of it: they count for the position and its
    member and for no unit above. Without a `member_id` the position's holder is meant.
    """

    position_id: int
    share: Decimal
    kind: CreditKind = CreditKind.DIRECT
    member_id: int | None = None


def check_splits(splits: Sequence[Split]) -> None:
    """Raise `InputError` unless there are none, or each names another position and the direct ones sum to 1."""
    if len(splits) > MOST_SPLITS:
        raise InputError("TOO_MANY_SPLITS", f"a deal is split into at most {MOST_SPLITS} shares", ("splits",))
    seen: set[int] = set()
    for number, split in enumerate(splits):
        _check_share(split, number)
        if split.position_id in seen:
            raise InputError(
                "DUPLICATE_SPLIT",
                f"position {split.position_id} has two shares: add them up",
                ("splits", number, "positionId"),
            )
        seen.add(split.position_id)
    direct = sum((split.share for split in splits if split.kind is CreditKind.DIRECT), Decimal(0))
    if splits and direct != 1:
        raise InputError("BAD_SPLIT", f"the direct shares sum to {direct}; they must sum to exactly 1", ("splits",))


def _check_share(split: Split, number: int) -> None:
    share = split.share
    if not (share.is_finite() and 0 < share <= 1) or share != round(share, 8):
        raise InputError(
            "BAD_SHARE",
            f"{share} is no share: above 0, up to 1, at most eight decimal places",
            ("splits", number, "share"),
        )


async def insert_splits(transaction: Transaction, splits: Sequence[tuple[int, Sequence[Split]]]) -> None:
    """Insert the splits of many opportunities (by id), whose members are all known, in one statement."""
    rows = [
        (opportunity_id, split.position_id, split.member_id, split.kind.value, split.share, ordinal)
        for opportunity_id, of_one in splits
        for ordinal, split in enumerate(of_one)
    ]
    if rows:
        await transaction.execute(
            "INSERT INTO opportunity_split (company_id, opportunity_id, position_id, member_id, credit, share,"
            " ordinal) SELECT $1, given.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[],"
            " $6::numeric[], $7::int[]) AS given",
            transaction.company_id,
            *zip(*rows, strict=True),
        )
