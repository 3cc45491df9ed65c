"""Funnels of departments: the deals of which positions may be in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.naming import may_be_id
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_STRANGERS = """
SELECT given.number, funnel.name AS funnel_name, unit.name AS unit_name
FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::date[]) AS given (number, funnel_id, position_id, day)
JOIN funnel ON funnel.company_id = $1 AND funnel.id = given.funnel_id
JOIN org_unit AS unit ON unit.company_id = $1 AND unit.id = funnel.unit_id
WHERE NOT EXISTS (
    SELECT FROM unit_path AS path WHERE path.company_id = $1 AND path.unit_id = given.position_id
        AND path.ancestor_id = funnel.unit_id AND path.valid_from <= given.day AND given.day < path.valid_to
) ORDER BY given.number
"""


_BELOW = """
SELECT path.ancestor_id, path.unit_id FROM unit_path AS path
JOIN org_unit AS unit ON unit.company_id = path.company_id AND unit.id = path.unit_id AND unit.kind = 'position'
WHERE path.company_id = $1 AND path.ancestor_id = ANY ($2::bigint[]) AND path.valid_from <= $3 AND $3 < path.valid_to
"""


async def positions_of_funnels(
    reader: Snapshot | Transaction, unit_ids: Iterable[int | None], day: date
) -> frozenset[tuple[int, int]]:
    """Each of these units of funnels with each position that lies below it on a day; no statement where there is none.

    What is handed to another position is looked at by these, as of today.
    """
    units = sorted({unit_id for unit_id in unit_ids if unit_id is not None})
    if not units:
        return frozenset()
    rows = await reader.fetch(_BELOW, reader.company_id, units, day)
    return frozenset((row["ancestor_id"], row["unit_id"]) for row in rows)


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
    raise_all(
        [
            InputError(
                "OTHER_UNITS_FUNNEL",
                f"the funnel {row['funnel_name']!r} is for positions below {row['unit_name']!r} alone",
                (row["number"], at),
            )
            for row in rows
        ]
    )
