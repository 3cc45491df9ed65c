"""Funnels of departments: the deals of which positions may be in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.naming import may_be_id
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Snapshot, Transaction

OTHER_UNITS_FUNNEL: Final = "OTHER_UNITS_FUNNEL"


def of_another_department(funnel: str) -> str:
    """Why a position may have no deal in a funnel, in words; whose it is its `orgUnit` tells those who may know."""
    return f"the funnel {funnel!r} is for the positions of another department"


_STRANGERS = """
SELECT given.number, funnel.name
FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::date[]) AS given (number, funnel_id, position_id, day)
JOIN funnel ON funnel.company_id = $1 AND funnel.id = given.funnel_id AND funnel.unit_id IS NOT NULL
WHERE NOT EXISTS (
    SELECT FROM unit_path AS path WHERE path.company_id = $1 AND path.unit_id = given.position_id
        AND path.ancestor_id = funnel.unit_id AND path.valid_from <= given.day AND given.day < path.valid_to
) ORDER BY given.number
"""


async def require_funnels(
    transaction: Transaction, deals: Sequence[NewOpportunity], today: date, at: str = "funnelId"
) -> None:
    """Raise unless the position of each deal lies below the unit of its funnel, if it has one, when it was opened.

    A deal without that date is looked at as of today. In one statement. Raises `InputError` OTHER_UNITS_FUNNEL for each
    that does not, with its number and `at` as the path.
    """
    asked = [
        (number, deal.funnel_id, deal.position_id, deal.opened_on or today)
        for number, deal in enumerate(deals)
        if may_be_id(deal.funnel_id) and may_be_id(deal.position_id)
    ]
    rows = await transaction.fetch(
        _STRANGERS,
        transaction.company_id,
        [number for number, _, _, _ in asked],
        [funnel_id for _, funnel_id, _, _ in asked],
        [position_id for _, _, position_id, _ in asked],
        [day for _, _, _, day in asked],
    )
    raise_all([InputError(OTHER_UNITS_FUNNEL, of_another_department(row["name"]), (row["number"], at)) for row in rows])


@dataclass(frozen=True, slots=True)
class DepartmentFunnel:
    """A funnel that is for positions below one unit alone, and which these are."""

    name: str
    position_ids: frozenset[int]


_DEPARTMENTS = """
SELECT funnel.name, array_agg(deal.id) AS deal_ids, ARRAY(
    SELECT path.unit_id FROM unit_path AS path WHERE path.company_id = $1 AND path.ancestor_id = funnel.unit_id
        AND path.valid_from <= $3 AND $3 < path.valid_to
) AS position_ids
FROM opportunity AS deal
JOIN funnel ON funnel.company_id = $1 AND funnel.id = deal.funnel_id AND funnel.unit_id IS NOT NULL
WHERE deal.company_id = $1 AND deal.id = ANY ($2::bigint[]) GROUP BY funnel.company_id, funnel.id
"""


async def department_funnels(
    reader: Snapshot | Transaction, deal_ids: Sequence[int], today: date
) -> dict[int, DepartmentFunnel]:
    """The funnels of those of the deals that are in one of a department, by the deal, as of today."""
    if not deal_ids:
        return {}
    rows = await reader.fetch(_DEPARTMENTS, reader.company_id, list(deal_ids), today)
    found: dict[int, DepartmentFunnel] = {}
    for row in rows:
        funnel = DepartmentFunnel(row["name"], frozenset(row["position_ids"]))
        found |= dict.fromkeys(row["deal_ids"], funnel)
    return found
