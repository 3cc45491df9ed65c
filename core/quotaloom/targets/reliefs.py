"""Quota relief: a share of a position's targets that counts for nobody for some days, with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.calendars.spread import amount_within
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.platform.amounts import half_up
from quotaloom.platform.unit_of_work import Snapshot

STANDS: Final = (
    "CASE WHEN $3::date IS NULL THEN r.revoked_at IS NULL"
    " ELSE r.granted_on <= $3 AND (r.revoked_on IS NULL OR r.revoked_on > $3) END"
)
"""Whether a relief `r` stands, at the end of the day `$3`, or now."""

_COLUMNS: Final = (
    "r.id, r.position_id, r.valid_from, r.valid_to, r.share, r.reason, r.granted_at, r.granted_by, r.revoked_at,"
    " r.revoked_by, r.revoke_reason"
)


@dataclass(frozen=True, slots=True)
class Relief:
    """A `share`, more than 0 and up to 1, of what falls on the days [valid_from, valid_to); None is an open end."""

    valid_from: date
    valid_to: date | None
    share: Decimal

    @staticmethod
    def of(row: Record) -> Relief:
        """From a row that has its three columns."""
        return Relief(row["valid_from"], row["valid_to"], row["share"])

    def off(self, amount: int, span: Period, period: Period, working: WorkingDays) -> int:
        """What is taken off in `period` of an amount, in minor units, that is spread over the working days of `span`.

        Rounded half up where the relieved days are counted from their first one on, so that the parts of
        neighbouring periods sum to that of both together. Never more than what falls into the period.
        """
        first = max(self.valid_from, span.starts_on)
        last = span.ends_on if self.valid_to is None else min(self.valid_to, span.ends_on)
        start, end = max(first, period.starts_on), min(last, period.ends_on)
        if start >= end:
            return 0
        before, through = (
            half_up(Fraction(self.share) * amount_within(amount, span, first, day, working)) for day in (start, end)
        )
        return through - before


async def reliefs_of_positions(
    snapshot: Snapshot, position_ids: Collection[int], as_of: date | None
) -> dict[int, list[Relief]]:
    """The reliefs that stand now, or stood at the end of `as_of`, by position."""
    stands = STANDS.replace("$3", "$2")
    rows = await snapshot.fetch(
        "SELECT r.position_id, r.valid_from, r.valid_to, r.share FROM quota_relief r"  # noqa: S608 (a constant)
        f" WHERE r.position_id = ANY($1::bigint[]) AND {stands}",
        list(position_ids),
        as_of,
    )
    found: dict[int, list[Relief]] = defaultdict(list)
    for row in rows:
        found[row["position_id"]].append(Relief.of(row))
    return found


async def reliefs_on_record(snapshot: Snapshot, position_ids: Sequence[int]) -> list[Record]:
    """Every relief of the positions, revoked ones too, the earliest first."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM quota_relief r WHERE r.position_id = ANY($1::bigint[])"  # noqa: S608 (a constant)
        " ORDER BY r.position_id, r.valid_from, r.id",
        list(position_ids),
    )


async def reliefs_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """Reliefs by number."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM quota_relief r WHERE r.id = ANY($1::bigint[])",  # noqa: S608 (a constant)
        list(ids),
    )
