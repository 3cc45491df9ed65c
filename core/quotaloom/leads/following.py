"""What names a lead or customer that is merged into another one, and names that one from then on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class Following:
    """Rows of a table whose `column` names what is merged; `besides` leaves some of them out, as `one`.

    `object_type` is what the audit log calls them.
    """

    object_type: str
    table: str
    column: str
    besides: str = "true"

    @property
    def action(self) -> str:
        """What the audit log says of it: `opportunity.follow_merge`."""
        return f"{self.table}.follow_merge"

    @property
    def statement(self) -> str:
        """Let the rows that name one of $3 name $2; it answers with their ids and what each named before."""
        # The condition is on the row itself and not on what it was: so it is looked at again where somebody else has
        # changed it meanwhile.
        return f"""
        UPDATE {self.table} AS one SET {self.column} = $2, version = one.version + 1 FROM {self.table} AS was
        WHERE one.company_id = $1 AND one.{self.column} = ANY ($3::bigint[]) AND {self.besides}
            AND was.company_id = $1 AND was.id = one.id
        RETURNING one.id, was.{self.column} AS named
        """  # noqa: S608 (constants)


async def follow(
    transaction: Transaction, followings: Iterable[Following], kept_id: int, merged_ids: Sequence[int]
) -> None:
    """Let whatever names one of those that are merged name the kept one, with an audit entry for each row."""
    for one in followings:
        rows = await transaction.fetch(one.statement, transaction.company_id, kept_id, list(merged_ids))
        for row in rows:
            before, after = {one.column: row["named"]}, {one.column: kept_id}
            transaction.record(one.action, one.object_type, row["id"], before=before, after=after)
