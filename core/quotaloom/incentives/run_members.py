"""Whose period a run computes."""

from __future__ import annotations

from dataclasses import dataclass

from quotaloom.calendars.periods import Period
from quotaloom.incentives.chains import TERMS
from quotaloom.incentives.granted import WAITING
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

# Who stood somewhere in the period, was credited in it, was paid before and may have to be corrected, or was granted
# something; with a unit, who stands below it, or stood there last.
_MEMBERS = f"""
WITH {TERMS}, concerned AS (
    SELECT member_id FROM place WHERE reach > $3
    UNION SELECT member_id FROM achievement_balance WHERE business_date >= $3 AND business_date < $2
    UNION SELECT statement.member_id FROM incentive_statement AS statement JOIN incentive_run AS run
        ON run.company_id = statement.company_id AND run.id = statement.run_id
        WHERE run.status = 'paid' AND run.grain = $4 AND run.ends_on <= $3
    UNION SELECT dispute.member_id FROM dispute JOIN incentive_run AS run
        ON run.company_id = dispute.company_id AND run.id = dispute.run_id
        WHERE run.grain = $4 AND {WAITING}
)
SELECT member_id FROM concerned WHERE $5::bigint IS NULL OR EXISTS (
    SELECT FROM place JOIN unit_path AS path ON path.company_id = place.company_id AND path.unit_id = place.unit_id
        AND path.valid_from < place.reach AND place.reach <= path.valid_to
    WHERE place.member_id = concerned.member_id AND path.ancestor_id = $5
) ORDER BY member_id
"""  # noqa: S608 (a constant)

_OPEN = """
SELECT run.label, member.name FROM incentive_run_member AS own
JOIN incentive_run AS run ON run.company_id = own.company_id AND run.id = own.run_id
JOIN member ON member.company_id = own.company_id AND member.id = own.member_id
WHERE own.member_id = ANY ($1::bigint[]) AND run.grain = $2 AND run.status NOT IN ('paid', 'cancelled')
    AND run.id IS DISTINCT FROM $3 ORDER BY run.starts_on, member.name LIMIT 1
"""

_PAID = """
SELECT DISTINCT own.member_id FROM incentive_run_member AS own
JOIN incentive_run AS run ON run.company_id = own.company_id AND run.id = own.run_id
WHERE own.member_id = ANY ($1::bigint[]) AND run.grain = $2 AND run.status = 'paid' AND run.ends_on > $3
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """The period of a run, and the unit below which its members stand; None for the whole company."""

    period: Period
    unit_id: int | None = None


async def members_of(transaction: Transaction, scope: Scope, run_id: int | None = None) -> list[int]:
    """The members of a run, by number: without those who have been paid for the period, or for a later one.

    Raises `InputError` RUN_OPEN where one of them is in another run of the grain that is neither paid nor cancelled,
    ALREADY_PAID where all have been paid, NOBODY where there are none.
    """
    period = scope.period
    assert period.grain is not None
    grain = period.grain.value
    rows = await transaction.fetch(_MEMBERS, None, period.ends_on, period.starts_on, grain, scope.unit_id)
    found = [row["member_id"] for row in rows]
    if not found:
        raise InputError("NOBODY", f"nobody stood there in {period.label}, nor was credited in it", ("period",))
    paid = {row["member_id"] for row in await transaction.fetch(_PAID, found, grain, period.starts_on)}
    left = [member_id for member_id in found if member_id not in paid]
    if not left:
        message = (
            f"everybody is paid for {period.label} or for a later period: what comes later is corrected in the next run"
        )
        raise InputError("ALREADY_PAID", message, ("period",))
    other = await transaction.fetch_one(_OPEN, left, grain, run_id)
    if other is not None:
        message = f"{other['name']} is in the run of {other['label']}, which is open: pay or cancel that one first"
        raise InputError("RUN_OPEN", message, ("period",))
    return left


async def enter_members(transaction: Transaction, run_id: int, member_ids: list[int]) -> None:
    """Let a run begin anew with these members; statements of others are taken out of it."""
    await transaction.execute(
        "DELETE FROM statement_line WHERE statement_id IN (SELECT id FROM incentive_statement WHERE run_id = $1"
        " AND NOT member_id = ANY ($2::bigint[]))",
        run_id,
        member_ids,
    )
    await transaction.execute(
        "DELETE FROM incentive_statement WHERE run_id = $1 AND NOT member_id = ANY ($2::bigint[])", run_id, member_ids
    )
    await transaction.execute("DELETE FROM incentive_run_member WHERE run_id = $1", run_id)
    await transaction.execute(
        "INSERT INTO incentive_run_member (company_id, run_id, member_id, computed, structure, warnings)"
        " SELECT $1, $2, member_id, false, 0, '[]' FROM unnest($3::bigint[]) AS member_id",
        transaction.company_id,
        run_id,
        member_ids,
    )
