"""What decisions on disputes granted: lines of the member's next statement, each of them once.

A granted amount is no part of what rules gave: earlier periods that are computed again compare without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.incentives.statements import Line
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import Explanation

GRANTED: Final = "disputes.granted"
"""Stands for rule and policy of lines that no rule gave; it is no key of a rule."""

WAITING: Final = """
    dispute.granted > 0 AND NOT EXISTS (
        SELECT FROM statement_line AS line
        JOIN incentive_statement AS own ON own.company_id = line.company_id AND own.id = line.statement_id
        JOIN incentive_run AS paid ON paid.company_id = own.company_id AND paid.id = own.run_id
            AND paid.status = 'paid'
        WHERE line.company_id = dispute.company_id AND line.dispute_id = dispute.id
    )
"""
"""Whether what was granted has not been paid yet."""

# In runs of the grain of the disputed one alone: a member is in one of them at a time.
_GRANTED = f"""
SELECT dispute.id, dispute.member_id, dispute.title, dispute.contested, dispute.claimed, dispute.granted,
    dispute.currency, dispute.reason, dispute.decided_by, run.label
FROM dispute JOIN incentive_run AS run ON run.company_id = dispute.company_id AND run.id = dispute.run_id
WHERE dispute.member_id = ANY ($1::bigint[]) AND run.grain = $2 AND {WAITING} ORDER BY dispute.id
"""  # noqa: S608 (a constant)


async def granted_lines(snapshot: Snapshot, period: Period, member_ids: Sequence[int]) -> dict[int, list[Line]]:
    """The lines that members get in the next statement of the period's grain, by member, in the order of disputes."""
    assert period.grain is not None
    found: dict[int, list[Line]] = defaultdict(list)
    for row in await snapshot.fetch(_GRANTED, list(member_ids), period.grain.value):
        found[row["member_id"]].append(_line(row))
    return found


def _line(row: Record) -> Line:
    about = "" if row["title"] is None else f": {row['title']}"
    amount = format_amount(row["granted"], currency_scale(row["currency"]))
    values = (("contested", row["contested"]), ("claimed", row["claimed"]), ("granted", row["granted"]))
    explanation = Explanation(
        f"{row['decided_by']} granted {amount} on a dispute of {row['label']}{about}",
        tuple((name, value) for name, value in values if value is not None),
        (Explanation(row["reason"]),),
    )
    return Line(
        rule=GRANTED,
        policy=GRANTED,
        key=f"dispute:{row['id']}",
        title=f"Granted on dispute of {row['label']}{about}",
        amount=row["granted"],
        explanation=explanation.to_json(),
        dispute=row["id"],
    )
