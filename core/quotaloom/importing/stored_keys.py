"""What a company has already, which files may name without holding it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """Keys of positions, customers and products; these with list prices, in minor units of the company's currency.

    Besides the customer levels by their keys, and the open pools with the kinds of records that each takes.
    """

    positions: Set[str] = frozenset()
    customers: Set[str] = frozenset()
    products: Mapping[str, int | None] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    pools: Mapping[str, Set[RecordKind]] = field(default_factory=dict)


async def read_stored_keys(snapshot: Snapshot) -> StoredKeys:
    """The keys of the snapshot's company, in five statements."""
    positions = await snapshot.fetch("SELECT key FROM org_unit WHERE kind = 'position'")
    customers = await snapshot.fetch("SELECT key FROM customer")
    products = await snapshot.fetch("SELECT key, list_price FROM product")
    levels = await snapshot.fetch("SELECT key, id FROM customer_level")
    pools = await snapshot.fetch(
        "SELECT key, ARRAY(SELECT jsonb_array_elements_text(kinds)) AS kinds FROM pool WHERE NOT closed"
    )
    return StoredKeys(
        frozenset(row["key"] for row in positions),
        frozenset(row["key"] for row in customers),
        {row["key"]: row["list_price"] for row in products},
        {row["key"]: row["id"] for row in levels},
        {row["key"]: frozenset(map(RecordKind, row["kinds"])) for row in pools},
    )
