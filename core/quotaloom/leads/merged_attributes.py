"""The attributes of leads and customers that become part of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.unit_of_work import Transaction

_NAMING: Final = """
UPDATE attribute_value SET to_{kind}_id = $2 WHERE company_id = $1 AND to_{kind}_id = ANY ($3::bigint[])
"""

# Of each attribute that the kept one ($2) does not have, the value of the first of the others ($3) that has it.
_OWN: Final = """
UPDATE attribute_value SET {kind}_id = $2 WHERE company_id = $1 AND id IN (
    SELECT DISTINCT ON (value.definition_id) value.id FROM attribute_value AS value
    WHERE value.company_id = $1 AND value.{kind}_id = ANY ($3::bigint[]) AND NOT EXISTS (
        SELECT FROM attribute_value AS own WHERE own.company_id = $1 AND own.{kind}_id = $2
            AND own.definition_id = value.definition_id
    ) ORDER BY value.definition_id, array_position($3, value.{kind}_id)
)
"""


async def follow(transaction: Transaction, kind: RecordKind, kept_id: int, merged_ids: Sequence[int]) -> None:
    """The kept one takes over the attributes that it does not have, and is named wherever the others were."""
    for statement in (_NAMING, _OWN):
        await transaction.execute(statement.format(kind=kind.value), transaction.company_id, kept_id, list(merged_ids))
