"""What a company has already, which files may name without holding it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """Keys of positions, customers and products; these with list prices, in minor units of the company's currency."""

    positions: Set[str] = frozenset()
    customers: Set[str] = frozenset()
    products: Mapping[str, int | None] = field(default_factory=dict)


async def read_stored_keys(snapshot: Snapshot) -> StoredKeys:
    """The keys of the snapshot's company, in three statements."""
    positions = await snapshot.fetch("SELECT key FROM org_unit WHERE kind = 'position'")
    customers = await snapshot.fetch("SELECT key FROM customer")
    products = await snapshot.fetch("SELECT key, list_price FROM product")
    return StoredKeys(
        frozenset(row["key"] for row in positions),
        frozenset(row["key"] for row in customers),
        {row["key"]: row["list_price"] for row in products},
    )
