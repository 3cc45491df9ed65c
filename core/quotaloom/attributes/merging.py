"""The attributes of objects of which one is kept and the others become part of it."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.attributes.definitions import OBJECT_TYPES, Subject
from quotaloom.platform.unit_of_work import Transaction

# Answers with the objects of which an attribute refers to the kept one ($2) from then on.
_REFERENCES = {
    on: f"""
UPDATE attribute_value SET to_{on}_id = $2 WHERE company_id = $1 AND to_{on}_id = ANY ($3::bigint[])
RETURNING definition_id, {", ".join(f"{subject}_id" for subject in Subject)}
"""  # noqa: S608 (constants)
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
) RETURNING definition_id
"""  # noqa: S608 (constants)
    for on in Subject
}


async def take_over_attributes(transaction: Transaction, on: Subject, kept_id: int, merged_ids: Sequence[int]) -> None:
    """Give the kept one the attributes that it does not have, and let what refers to the others refer to it.

    All of them must be held in this transaction. The kept one has an audit entry of what it took over, and so has each
    object of which an attribute refers to it now.
    """
    asked = transaction.company_id, kept_id, list(merged_ids)
    referring = await transaction.fetch(_REFERENCES[on], *asked)
    for row in referring:
        subject = next(one for one in Subject if row[f"{one}_id"] is not None)
        after = {"definition_id": row["definition_id"], f"to_{on}_id": kept_id}
        transaction.record("attributes.follow_merge", OBJECT_TYPES[subject], row[f"{subject}_id"], after=after)
    taken = await transaction.fetch(_VALUES[on], *asked)
    if taken:
        after = {"definition_ids": sorted(row["definition_id"] for row in taken)}
        transaction.record("attributes.take_over", OBJECT_TYPES[on], kept_id, after=after)
