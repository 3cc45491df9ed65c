"""Customers: one by one, and many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.duplicates.finding import refuse_duplicate
from quotaloom.duplicates.normal_forms import Likeness, checked_domain, likeness, region_of
from quotaloom.duplicates.rules import DuplicateSubject
from quotaloom.funnels.batches import Inserted, first_repeated, reserve_ids, without_row
from quotaloom.funnels.deals import check_day
from quotaloom.funnels.naming import check_key, check_name, check_text, may_be_id
from quotaloom.funnels.reach import WORKED_CUSTOMER, require_customer
from quotaloom.ownership.holding_caps import require_caps_kept
from quotaloom.ownership.ledger import begin_ownership
from quotaloom.ownership.owners import NOBODY, Movement, Owner, RecordKind
from quotaloom.ownership.permission import require_position, require_seller, unknown, worked_positions
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts, Work

CHANGEABLE = frozenset({"name", "sector", "location", "parent_key", "phone", "website", "level_id", "contract_ends_on"})
"""The fields of `NewCustomer` that `update_customer` takes."""

_LENGTHS = {"sector": 100, "location": 200, "phone": 40}


_INSERT = """
INSERT INTO customer (company_id, created_on, version, id, key, name, sector, location, phone, domain, level_id,
    contract_ends_on, compared_name, compared_phone, compared_domain)
SELECT $1, $2, 1, given.* FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bigint[], $11::date[], $12::text[], $13::text[], $14::text[]) AS given
ON CONFLICT (company_id, key) DO NOTHING RETURNING id, key
"""

_UPDATE = """
UPDATE customer SET parent_id = $3, name = $4, sector = $5, location = $6, phone = $7, domain = $8, level_id = $9,
    contract_ends_on = $10, compared_name = $11, compared_phone = $12, compared_domain = $13, version = version + 1
WHERE company_id = $1 AND id = $2
"""


_HELD = f"""
SELECT customer.*, parent.key AS parent_key FROM customer
LEFT JOIN customer AS parent ON parent.company_id = customer.company_id AND parent.id = customer.parent_id
WHERE customer.company_id = $1 AND customer.id = $2 AND {WORKED_CUSTOMER} FOR UPDATE OF customer
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """An account; `parent_key` is the key of the customer it belongs to (in the same batch, or stored).

    `website` is a site or a domain, `level_id` the customer level. Without a `key` one is made of the id.
    """

    name: str
    key: str | None = None
    sector: str | None = None
    location: str | None = None
    parent_key: str | None = None
    phone: str | None = None
    website: str | None = None
    level_id: int | None = None
    contract_ends_on: date | None = None


async def create_customer(work: Work, customer: NewCustomer, position_id: int | None = None) -> int:
    """Create a customer, which the position holds where one is given; returns its id.

    Needs an admin, a service with `funnels:write`, or a member who holds a position or heads a unit today.
    Raises `InputError` for bad values, a key that is taken, or a parent that does not exist or has deals that are
    none of the viewer's, and DUPLICATE where the company refuses a second one; `NotFound` for a position whose records
    are not the viewer's to write.
    """
    require_seller(work.viewer, "creating a customer")

    async def apply(transaction: Transaction) -> int:
        if (worked := await worked_positions(transaction, work.viewer, work.today)) is not None and not worked:
            raise AccessDenied("creating a customer needs somebody who holds a position or heads a unit today")
        with without_row():
            with without_row():
                _check_batch([customer])
            owners = None if position_id is None else [await _holder(transaction, work, position_id)]
            inserted = await insert_customers(transaction, work.company, [customer], owners=owners)
        if not inserted.created[0]:
            raise InputError("KEY_TAKEN", f"the key {customer.key!r} is taken: choose another one", ("key",))
        if customer.parent_key is not None:
            await _require_parent(transaction, work, customer.parent_key)
        compared = customer_likeness(customer, region_of(work.company.time_zone))
        await refuse_duplicate(transaction, DuplicateSubject.CUSTOMER, compared, inserted.ids[0])
        return inserted.ids[0]

    return await work.write(apply)


async def _holder(transaction: Transaction, work: Work, position_id: int) -> Owner:
    await require_position(transaction, work.viewer, work.today, position_id)
    row = await transaction.fetch_one(
        "SELECT holding.member_id FROM org_unit LEFT JOIN holding ON holding.company_id = org_unit.company_id"
        " AND holding.position_id = org_unit.id AND daterange(holding.valid_from, holding.valid_to) @> $3::date"
        " WHERE org_unit.company_id = $1 AND org_unit.id = $2 AND org_unit.kind = 'position'",
        transaction.company_id,
        position_id,
        work.today,
    )
    if row is None:
        raise unknown("position", position_id, ("positionId",))
    return Owner(None, row["member_id"], position_id)


async def insert_customers(
    transaction: Transaction,
    company: CompanyFacts,
    rows: Sequence[NewCustomer],
    movement: Movement = Movement.CREATE,
    owners: Sequence[Owner] | None = None,
) -> Inserted:
    """Insert many customers in a constant number of statements; those whose key is stored stay as they are.

    `owners` has one for each, bound by holding caps; None stands for nobody. `movement` is how they came. A parent may
    stand anywhere in the batch. Raises `InputError` with the row's number first in its path.
    """
    _check_batch(rows)
    if not rows:
        return Inserted((), ())
    await _require_levels(transaction, rows)
    today = company.today(transaction.now)
    reserved = await reserve_ids(transaction, "customer", len(rows))
    keys = [row.key or f"customer-{number}" for row, number in zip(rows, reserved, strict=True)]
    stored = await transaction.fetch(
        _INSERT,
        transaction.company_id,
        today,
        reserved,
        keys,
        *map(list, zip(*(_columns(row, region_of(company.time_zone)) for row in rows), strict=True)),
    )
    created = {row["key"]: row["id"] for row in stored}
    owned = zip(reserved, owners or [NOBODY] * len(rows), strict=True)
    new = set(created.values())
    beginnings = [(customer_id, owner) for customer_id, owner in owned if customer_id in new]
    await begin_ownership(transaction, RecordKind.CUSTOMER, beginnings, movement, today)
    places = {customer_id: (number, "positionId") for number, customer_id in enumerate(reserved) if customer_id in new}
    await require_caps_kept(transaction, RecordKind.CUSTOMER, places if owners else {})
    ids = await _ids(transaction, {*keys, *(row.parent_key for row in rows if row.parent_key is not None)})
    await _set_parents(transaction, rows, new, [ids[key] for key in keys], ids)
    for row, key in zip(rows, keys, strict=True):
        if key in created:
            transaction.record("customer.create", "Customer", created[key], after=asdict(row) | {"key": key})
            transaction.publish("customer.created", id=created[key])
    return Inserted(tuple(ids[key] for key in keys), tuple(key in created for key in keys))


def _columns(row: NewCustomer, region: str | None) -> tuple[Any, ...]:
    compared = customer_likeness(row, region)
    return (
        *(row.name.strip(), row.sector, row.location, row.phone, checked_domain(row.website, ("website",))),
        *(row.level_id, row.contract_ends_on, compared.name, compared.phone, compared.domain),
    )


def customer_likeness(customer: NewCustomer, region: str | None) -> Likeness:
    """What is compared of a customer; `region` is the country of phone numbers without a calling code."""
    return likeness(customer.name, customer.phone, customer.website, None, region)


async def _require_levels(transaction: Transaction, rows: Sequence[NewCustomer]) -> None:
    named = sorted({row.level_id for row in rows if row.level_id is not None and may_be_id(row.level_id)})
    found = await transaction.fetch(
        "SELECT id FROM customer_level WHERE company_id = $1 AND id = ANY ($2::bigint[])", transaction.company_id, named
    )
    known = {row["id"] for row in found}
    for number, row in enumerate(rows):
        if row.level_id is not None and row.level_id not in known:
            raise unknown("level", row.level_id, (number, "levelId"))


async def _ids(transaction: Transaction, keys: set[str]) -> dict[str, int]:
    rows = await transaction.fetch(
        "SELECT id, key FROM customer WHERE company_id = $1 AND key = ANY ($2::text[])",
        transaction.company_id,
        list(keys),
    )
    return {row["key"]: row["id"] for row in rows}


async def _set_parents(
    transaction: Transaction,
    rows: Sequence[NewCustomer],
    created: Set[int],
    row_ids: Sequence[int],
    ids: Mapping[str, int],
) -> None:
    children, parents = [], []
    for number, (row, row_id) in enumerate(zip(rows, row_ids, strict=True)):
        if row.parent_key is None or row_id not in created:
            continue
        if row.parent_key not in ids:
            raise unknown("customer", repr(row.parent_key), (number, "parentKey"))
        children.append(row_id)
        parents.append(ids[row.parent_key])
    if children:
        await transaction.execute(
            "UPDATE customer SET parent_id = given.parent_id FROM unnest($2::bigint[], $3::bigint[])"
            " AS given (id, parent_id) WHERE customer.company_id = $1 AND customer.id = given.id",
            transaction.company_id,
            children,
            parents,
        )


async def update_customer(
    work: Work, customer_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change a customer; `changes` holds fields of `NewCustomer` named in `CHANGEABLE`.

    Needs an admin, a service with `funnels:write`, or a member who holds the customer, heads its holder, or may write
    one of its deals; one whom nobody holds, that waits in no pool and has no deal is everybody's who sells. Raises
    `NotFound`, `Conflict` where the version is another, `InputError` for bad values, for a customer that is part of
    another one by now, and for a parent that is the customer itself or belongs to it.
    """
    require_seller(work.viewer, "changing a customer")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(CHANGEABLE))} can", (name,))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("customers")
        row = await hold_customer(transaction, work, customer_id)
        if expected_version not in (None, row["version"]):
            raise Conflict("STALE", "this customer was changed meanwhile: read it again", ("expectedVersion",))
        before = _as_given(row)
        after = replace(before, **changes)
        with without_row():
            _check_batch([after])
            await _require_levels(transaction, [after])
        if after.parent_key is not None and "parent_key" in changes:
            await _require_parent(transaction, work, after.parent_key)
        parent_id = await _parent_of(transaction, customer_id, after.parent_key)
        await transaction.execute(
            _UPDATE,
            transaction.company_id,
            customer_id,
            parent_id,
            *_columns(after, region_of(work.company.time_zone)),
        )
        transaction.record("customer.update", "Customer", customer_id, before=asdict(before), after=asdict(after))
        transaction.publish("customer.updated", id=customer_id)

    await work.write(apply)


def _as_given(row: Record) -> NewCustomer:
    return NewCustomer(
        name=row["name"],
        key=row["key"],
        sector=row["sector"],
        location=row["location"],
        parent_key=row["parent_key"],
        phone=row["phone"],
        website=row["domain"],
        level_id=row["level_id"],
        contract_ends_on=row["contract_ends_on"],
    )


async def hold_customer(transaction: Transaction, work: Work, customer_id: int) -> Record:
    """The customer with the key of its parent, locked until the transaction ends.

    Raises `NotFound` where it does not exist or is not the viewer's to change, `InputError` MERGED where it is part of
    another one by now.
    """
    if not may_be_id(customer_id):
        raise unknown("customer", customer_id, ("id",))
    # The row is locked by a statement of its own: the right is asked for when it is free, and not before.
    await transaction.execute(
        "SELECT FROM customer WHERE company_id = $1 AND id = $2 FOR UPDATE", transaction.company_id, customer_id
    )
    worked = await worked_positions(transaction, work.viewer, work.today)
    row = await transaction.fetch_one(
        _HELD,
        transaction.company_id,
        customer_id,
        worked,
    )
    if row is None:
        raise unknown("customer", customer_id, ("id",))
    if row["merged_into_id"] is not None:
        raise InputError("MERGED", "this customer is part of another one by now: name that one", ("id",))
    return row


async def _require_parent(transaction: Transaction, work: Work, key: str) -> None:
    """Raise `NotFound` for a parent that the viewer may not see, in the words for a key that names nothing."""
    try:
        await require_customer(transaction, work, (await _ids(transaction, {key})).get(key, 0), ("parentKey",))
    except NotFound:
        raise unknown("customer", repr(key), ("parentKey",)) from None


async def _parent_of(transaction: Transaction, customer_id: int, parent_key: str | None) -> int | None:
    if parent_key is None:
        return None
    parent_id = (await _ids(transaction, {parent_key})).get(parent_key)
    if parent_id is None:
        raise unknown("customer", repr(parent_key), ("parentKey",))
    circle = await transaction.fetch_one(
        "WITH RECURSIVE above (id) AS (SELECT $2::bigint UNION SELECT customer.parent_id FROM customer"
        " JOIN above ON customer.id = above.id WHERE customer.company_id = $1 AND customer.parent_id IS NOT NULL)"
        " SELECT FROM above WHERE id = $3",
        transaction.company_id,
        parent_id,
        customer_id,
    )
    if circle is not None:
        raise InputError("CIRCLE", "a customer cannot belong to itself, nor to one that belongs to it", ("parentKey",))
    return parent_id


def _check_batch(rows: Sequence[NewCustomer]) -> None:
    for number, row in enumerate(rows):
        check_key(row.key, (number, "key"))
        check_name(row.name, (number, "name"))
        for field, longest in _LENGTHS.items():
            check_text(getattr(row, field), longest, (number, field))
        checked_domain(row.website, (number, "website"))
        check_day(row.contract_ends_on, (number, "contractEndsOn"))
    if (repeated := first_repeated([row.key for row in rows])) is not None:
        raise InputError("DUPLICATE_KEY", f"two customers have the key {rows[repeated].key!r}", (repeated, "key"))
    _refuse_circles(rows)


def _refuse_circles(rows: Sequence[NewCustomer]) -> None:
    parents = {row.key: row.parent_key for row in rows if row.key is not None}
    for number, row in enumerate(rows):
        seen: set[str | None] = {row.key}
        above = row.parent_key
        while above is not None:
            if above in seen:
                raise InputError(
                    "CIRCLE",
                    f"customer {row.key!r} would belong to itself by way of its parents",
                    (number, "parentKey"),
                )
            seen.add(above)
            above = parents.get(above)
