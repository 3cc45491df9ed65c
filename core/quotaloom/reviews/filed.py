"""What filed reviews came to, for those who build on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import ReviewFact

_FILED = """
SELECT review.member_id, form.key, review.score, review.grade FROM review
JOIN review_form AS form ON form.company_id = review.company_id AND form.id = review.form_id
WHERE review.company_id = $1 AND review.member_id = ANY ($2::bigint[]) AND review.step = 'filed'
    AND review.ends_on > $3 AND review.ends_on <= $4
ORDER BY review.member_id, review.ends_on, form.key, review.id
"""


async def filed_reviews(
    snapshot: Snapshot, member_ids: Sequence[int], period: Period
) -> dict[int, tuple[ReviewFact, ...]]:
    """The filed reviews whose own period ends within `period`, by member, the earliest first; one statement.

    So the review of a quarter counts in the quarter's last month, and those of its three months in the quarter. A
    member without any is left out.
    """
    rows = await snapshot.fetch(_FILED, snapshot.company_id, list(member_ids), period.starts_on, period.ends_on)
    found: dict[int, list[ReviewFact]] = defaultdict(list)
    for row in rows:
        found[row["member_id"]].append(ReviewFact(row["key"], row["score"], row["grade"]))
    return {member_id: tuple(facts) for member_id, facts in found.items()}
