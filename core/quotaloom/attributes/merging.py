"""The attributes of objects of which one is kept and the others become part of it."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.attributes.definitions import Subject
from quotaloom.platform.unit_of_work import Transaction

_REFERENCES = {
    on: f"UPDATE attribute_value SET to_{on}_id = $2 WHERE company_id = $1 AND to_{on}_id = ANY ($3::bigint[])"  # noqa: S608 (constants)
    for on in Subject
}

# Of each attribute that the kept one ($2) does not have, the value of the first of the others ($3) that has it.
_VALUES = {
    on: f"""
UPDATE attribute_value SET {on}_id = $2 WHERE company_id = $1 AND id IN (
    SELECT DISTINCT ON (value.definition_id) value.id FROM attribute_value AS value
    WHERE value.company_id = $1 AND value.{on}_id = ANY ($3::bigint[]) AND NOT EXISTS (
        SELECT FROM attribute_value AS own WHERE own.company_id = $1 AND own.{on}_id = $2
            AND own.definition_id = value.definition_id
    ) ORDER BY value.definition_id, array_position($3, value.{on}_id)
)
"""  # noqa: S608 (constants)
    for on in Subject
}


async def take_over_attributes(transaction: Transaction, on: Subject, kept_id: int, merged_ids: Sequence[int]) -> None:
    """Give the kept one the attributes that it does not have, and let what refers to the others refer to it.

    All of them must be held in this transaction.
    """
    for statement in (_REFERENCES[on], _VALUES[on]):
        await transaction.execute(statement, transaction.company_id, kept_id, list(merged_ids))
