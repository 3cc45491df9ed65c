"""Writing many leads at once, and holding those that change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import orjson

from quotaloom.duplicates.normal_forms import Likeness, checked_domain, likeness, region_of
from quotaloom.funnels.batches import Inserted, first_repeated, of_row, reserve_ids
from quotaloom.funnels.naming import may_be_id
from quotaloom.leads.records import LeadStatus, NewLead, StoredLead, check_lead
from quotaloom.ownership.holding_caps import require_caps_kept
from quotaloom.ownership.ledger import begin_ownership, hold_records
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind
from quotaloom.ownership.permission import unknown
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import CompanyFacts

_INSERT = """
INSERT INTO lead (company_id, created_at, status, version, id, key, name, organization, phone, email, domain, source,
    note, product_id, level_id, created_on, compared_name, compared_phone, compared_domain)
SELECT $1, $2, 'open', 1, given.* FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::date[], $15::text[], $16::text[],
    $17::text[]) AS given
ON CONFLICT (company_id, key) DO NOTHING RETURNING id
"""

_POSITIONS = """
SELECT unit.id, holding.member_id FROM org_unit AS unit
LEFT JOIN holding ON holding.company_id = unit.company_id AND holding.position_id = unit.id
    AND daterange(holding.valid_from, holding.valid_to) @> $3::date
WHERE unit.company_id = $1 AND unit.kind = 'position' AND unit.id = ANY ($2::bigint[])
"""

_HELD = "SELECT * FROM lead WHERE company_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE"


@dataclass(frozen=True, slots=True)
class _References:
    """What a batch of leads names, as far as it exists: positions with their holders, pools with what is in them."""

    positions: Mapping[int, int | None]
    pools: Mapping[int, Record]
    products: frozenset[int]
    levels: frozenset[int]

    def check(self, lead: NewLead) -> None:
        """Raise `NotFound` for a product or level that is none."""
        for name, given, known in (("product", lead.product_id, self.products), ("level", lead.level_id, self.levels)):
            if given is not None and given not in known:
                raise unknown(name, given, (f"{name}Id",))

    def owner(self, lead: NewLead) -> Owner:
        """Whose the lead is to be; raises `NotFound` for what its ids do not name, `InputError` for a wrong pool."""
        if lead.position_id is not None and lead.position_id not in self.positions:
            raise unknown("position", lead.position_id, ("positionId",))
        if lead.pool_id is not None:
            self._check_pool(lead.pool_id)
        member_id = None if lead.position_id is None else self.positions[lead.position_id]
        return Owner(lead.pool_id, member_id, lead.position_id)

    def _check_pool(self, pool_id: int) -> None:
        pool = self.pools.get(pool_id)
        if pool is None:
            raise unknown("pool", pool_id, ("poolId",))
        if pool["closed"]:
            raise InputError("POOL_CLOSED", f"the pool {pool['name']!r} is closed", ("poolId",))
        if RecordKind.LEAD.value not in orjson.loads(pool["kinds"]):
            raise InputError("WRONG_POOL", f"the pool {pool['name']!r} takes no leads", ("poolId",))


async def insert_leads(
    transaction: Transaction, company: CompanyFacts, rows: Sequence[NewLead], movement: Movement = Movement.CREATE
) -> Inserted:
    """Insert many leads in a constant number of statements; those whose key is stored stay as they are.

    Each is its position's, or waits in its pool, from the start, by `movement`; imports are bound by holding caps.
    Raises `InputError` with the row's number first in its path.
    """
    _check_batch(rows)
    today = company.today(transaction.now)
    references = await _load_references(transaction, rows, today)
    ids = await reserve_ids(transaction, "lead", len(rows))
    keys = [row.key or f"lead-{number}" for row, number in zip(rows, ids, strict=True)]
    owners = []
    for number, row in enumerate(rows):
        with of_row(number):
            references.check(row)
            owners.append(references.owner(row))
    region = region_of(company.time_zone)
    values = [_values(row, region, today) for row in rows]
    stored = await transaction.fetch(
        _INSERT, transaction.company_id, transaction.now, ids, keys, *map(list, zip(*values, strict=True))
    )
    created = {row["id"] for row in stored}
    beginnings = [(lead_id, owner) for lead_id, owner in zip(ids, owners, strict=True) if lead_id in created]
    await begin_ownership(transaction, RecordKind.LEAD, beginnings, movement, today)
    places = {lead_id: (number, "positionId") for number, lead_id in enumerate(ids) if lead_id in created}
    await require_caps_kept(transaction, RecordKind.LEAD, places)
    for row, lead_id, key in zip(rows, ids, keys, strict=True):
        if lead_id in created:
            transaction.record("lead.create", "Lead", lead_id, after=asdict(row) | {"key": key})
            transaction.publish("lead.created", id=lead_id)
    return await _inserted(transaction, ids, keys, created)


async def _inserted(transaction: Transaction, ids: Sequence[int], keys: Sequence[str], created: set[int]) -> Inserted:
    if len(created) == len(ids):
        return Inserted(tuple(ids), (True,) * len(ids))
    rows = await transaction.fetch(
        "SELECT id, key FROM lead WHERE company_id = $1 AND key = ANY ($2::text[])", transaction.company_id, keys
    )
    known = {row["key"]: row["id"] for row in rows}
    return Inserted(tuple(known[key] for key in keys), tuple(lead_id in created for lead_id in ids))


def _check_batch(rows: Sequence[NewLead]) -> None:
    for number, row in enumerate(rows):
        with of_row(number):
            check_lead(row)
    if (repeated := first_repeated([row.key for row in rows])) is not None:
        raise InputError("DUPLICATE_KEY", f"two leads have the key {rows[repeated].key!r}", (repeated, "key"))


def _values(row: NewLead, region: str | None, today: date) -> tuple[Any, ...]:
    compared = lead_likeness(row, region)
    return (
        *(row.name.strip(), filled(row.organization), filled(row.phone), filled(row.email)),
        *(checked_domain(row.website, ("website",)), filled(row.source), checked_text(row.note, ("note",))),
        *(row.product_id, row.level_id, row.created_on or today),
        *(compared.name, compared.phone, compared.domain),
    )


def filled(text: str | None) -> str | None:
    """The text without space around it, None for a blank one."""
    return None if text is None else text.strip() or None


def lead_likeness(lead: NewLead, region: str | None) -> Likeness:
    """What is compared of a lead; `region` is the country of phone numbers without a calling code."""
    return likeness(lead.name, lead.phone, lead.website, lead.email, region)


async def _load_references(transaction: Transaction, rows: Sequence[NewLead], today: date | None) -> _References:
    positions = await transaction.fetch(
        _POSITIONS, transaction.company_id, _ids(row.position_id for row in rows), today
    )
    pools = await transaction.fetch(
        "SELECT id, name, kinds, closed FROM pool WHERE company_id = $1 AND id = ANY ($2::bigint[]) FOR SHARE",
        transaction.company_id,
        _ids(row.pool_id for row in rows),
    )
    return _References(
        {row["id"]: row["member_id"] for row in positions},
        {row["id"]: row for row in pools},
        await _known(transaction, "product", (row.product_id for row in rows)),
        await _known(transaction, "customer_level", (row.level_id for row in rows)),
    )


async def pools_of_kind(transaction: Transaction, pool_ids: Iterable[int], kind: RecordKind) -> frozenset[int]:
    """Those of these pools that take such records."""
    rows = await transaction.fetch(
        "SELECT id FROM pool WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND kinds @> to_jsonb($3::text)",
        transaction.company_id,
        _ids(pool_ids),
        kind.value,
    )
    return frozenset(row["id"] for row in rows)


async def require_named(transaction: Transaction, lead: NewLead) -> None:
    """Raise `NotFound` for a product or level of the lead that is none."""
    (await _load_references(transaction, [replace(lead, position_id=None, pool_id=None)], lead.created_on)).check(lead)


async def _known(transaction: Transaction, table: str, ids: Iterable[int | None]) -> frozenset[int]:
    rows = await transaction.fetch(
        f"SELECT id FROM {table} WHERE company_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608 (ours)
        transaction.company_id,
        _ids(ids),
    )
    return frozenset(row["id"] for row in rows)


def _ids(ids: Iterable[int | None]) -> list[int]:
    return sorted({number for number in ids if number is not None and may_be_id(number)})


async def hold_leads(transaction: Transaction, lead_ids: Sequence[int]) -> dict[int, tuple[StoredLead, OwnedRecord]]:
    """Those of these leads that are there, by their ids, locked until the transaction ends; owners before leads."""
    known = _ids(lead_ids)
    owned = await hold_records(transaction, RecordKind.LEAD, known)
    rows = await transaction.fetch(_HELD, transaction.company_id, known)
    return {row["id"]: (_stored(row, owned[row["id"]].owner), owned[row["id"]]) for row in rows}


def _stored(row: Record, owner: Owner) -> StoredLead:
    values = {**row, "status": LeadStatus(row["status"]), "owner": owner}
    return StoredLead(**{name: values[name] for name in StoredLead.__dataclass_fields__})
