"""Pools that a mapping names: whether they are there, and making those that it describes."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.importing.mapping import ImportMapping, PoolPart
from quotaloom.importing.stored_keys import StoredKeys
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.pool.commands import insert_pool
from quotaloom.pool.pools import NewPool, check_pool


def check_pools(mapping: ImportMapping, stored: StoredKeys) -> None:
    """Raise `InputError` for what no pool can be, UNKNOWN_POOL for one that is not there or takes no such records."""
    made = {pool.key: frozenset(pool.kinds) for pool in mapping.pools}
    for pool in mapping.pools:
        try:
            check_pool(NewPool(pool.key, pool.name, pool.kinds))
        except InputError as error:
            raise InputError(error.code, f"the pool {pool.key!r}: {error.message}", ("pool",)) from None
    deals = None if mapping.opportunities is None else mapping.opportunities.without_customer_into
    leads = None if mapping.leads is None else mapping.leads.waits_in
    for key, kind in ((deals, RecordKind.OPPORTUNITY), (leads, RecordKind.LEAD)):
        if key is not None and kind not in {**made, **stored.pools}.get(key, ()):
            message = f"there is no open pool {key!r} that takes records of the kind {kind}: make it, or describe it"
            raise InputError("UNKNOWN_POOL", f"{message} in the mapping as [[pools]]", ("pool",))


async def load_pools(transaction: Transaction, pools: Sequence[PoolPart]) -> int:
    """Make those of the pools whose keys are not stored; returns how many.

    Raises `NotFound` where one is for a unit that the company does not have.
    """
    keys = [pool.key for pool in pools]
    rows = await transaction.fetch(
        "SELECT key FROM pool WHERE company_id = $1 AND key = ANY ($2::text[])", transaction.company_id, keys
    )
    units = await transaction.fetch(
        "SELECT key, id FROM org_unit WHERE company_id = $1 AND key = ANY ($2::text[])",
        transaction.company_id,
        [unit for pool in pools for unit in pool.units],
    )
    stored, unit_ids = {row["key"] for row in rows}, {row["key"]: row["id"] for row in units}
    missing = [pool for pool in pools if pool.key not in stored]
    for pool in missing:
        unknown = [unit for unit in pool.units if unit not in unit_ids]
        if unknown:
            raise InputError("UNKNOWN_UNIT", f"the pool {pool.key!r}: there is no unit {unknown[0]!r}", ("pool",))
        new = NewPool(pool.key, pool.name, pool.kinds, unit_ids=[unit_ids[unit] for unit in pool.units])
        await insert_pool(transaction, new)
    return len(missing)
