"""The ids that the demo's keys have got in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class Keys:
    """Ids by key; `funnel_id` is the one funnel's."""

    units: Mapping[str, int]
    members: Mapping[str, int]
    customers: Mapping[str, int]
    products: Mapping[str, int]
    stages: Mapping[str, int]
    funnel_id: int


async def load_keys(transaction: Transaction, funnel_key: str) -> Keys:
    """The ids of all that is stored, in five statements."""
    stages = await transaction.fetch(
        "SELECT stage.key, stage.id, funnel.id AS funnel_id FROM stage"
        " JOIN funnel ON funnel.company_id = stage.company_id AND funnel.id = stage.funnel_id"
        " AND funnel.latest_version = stage.version_number WHERE funnel.key = $1",
        funnel_key,
    )
    return Keys(
        units=await _ids(transaction, "org_unit"),
        members=await _ids(transaction, "member"),
        customers=await _ids(transaction, "customer"),
        products=await _ids(transaction, "product"),
        stages={row["key"]: row["id"] for row in stages},
        funnel_id=stages[0]["funnel_id"],
    )


async def _ids(transaction: Transaction, table: str) -> dict[str, int]:
    rows = await transaction.fetch(f"SELECT key, id FROM {table}")  # noqa: S608 (a constant table name)
    return {row["key"]: row["id"] for row in rows}
