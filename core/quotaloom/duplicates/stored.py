"""What is compared of those that are stored."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.duplicates.normal_forms import Likeness
from quotaloom.duplicates.rules import DuplicateSubject
from quotaloom.platform.unit_of_work import Snapshot


async def likenesses(snapshot: Snapshot, subject: DuplicateSubject, ids: Sequence[int]) -> dict[int, Likeness]:
    """What is compared of the leads or customers with these ids; an id that names none is left out."""
    rows = await snapshot.fetch(
        f"SELECT id, compared_name, compared_phone, compared_domain FROM {subject.value}"  # noqa: S608 (constants)
        " WHERE company_id = $1 AND id = ANY ($2::bigint[])",
        snapshot.company_id,
        list(ids),
    )
    return {row["id"]: Likeness(row["compared_name"], row["compared_phone"], row["compared_domain"]) for row in rows}
