"""What the holders of records did last for them: it protects their records from going back to a pool."""

from __future__ import annotations

from quotaloom.activities.facts import Subjects
from quotaloom.activities.subjects import hold_owners, ids_of
from quotaloom.platform.unit_of_work import Transaction

# Who holds a record: whom it came to, and whoever holds its position on the day of the activity, as a successor does.
_HOLDER = """(activity.member_id = own.member_id OR EXISTS (
    SELECT FROM holding WHERE holding.company_id = $1 AND holding.position_id = own.position_id
        AND holding.member_id = activity.member_id
        AND daterange(holding.valid_from, holding.valid_to) @> activity.done_on
)) AND state = 'done' AND done_on >= own.since_on"""

# One index of activities for each kind of record.
_REFRESH = f"""
WITH latest AS (
    SELECT own.id, greatest(
        (SELECT max(done_on) FROM activity WHERE activity.company_id = $1 AND activity.lead_id = own.lead_id
            AND {_HOLDER}),
        (SELECT max(done_on) FROM activity WHERE activity.company_id = $1 AND activity.customer_id = own.customer_id
            AND {_HOLDER}),
        (SELECT max(done_on) FROM activity WHERE activity.company_id = $1
            AND activity.opportunity_id = own.opportunity_id AND {_HOLDER})
    ) AS done_on FROM ownership AS own WHERE own.company_id = $1 AND (own.lead_id = ANY ($2::bigint[])
        OR own.customer_id = ANY ($3::bigint[]) OR own.opportunity_id = ANY ($4::bigint[]))
)
UPDATE ownership SET last_activity_on = latest.done_on, version = version + 1 FROM latest
WHERE ownership.company_id = $1 AND ownership.id = latest.id AND last_activity_on IS DISTINCT FROM latest.done_on
"""  # noqa: S608 (constant)


async def refresh_last_activity(transaction: Transaction, *subjects: Subjects) -> None:
    """Let the ownership of records say on which day their holders last did something for them, since they have them.

    Call it in the transaction that enters, completes, cancels or reassigns activities, after it did. What others do for
    a record does not count, unless they hold its position by then; where the holder did nothing, `last_activity_on` is
    null. Records are held first, and all of them are done in one statement. Their versions grow where the day is
    another one, so that whoever is about to decide by the earlier one asks again.
    """
    # In a statement of its own, so that the next one sees what others entered meanwhile.
    await hold_owners(transaction, *subjects)
    await transaction.execute(_REFRESH, transaction.company_id, *ids_of(subjects))
