"""Customers: one by one, and many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from asyncpg import Record

from quotaloom.funnels.batches import Inserted, first_repeated, reserve_ids, without_row
from quotaloom.funnels.naming import check_key, check_name, check_text, may_be_id
from quotaloom.funnels.permission import require_seller, unknown, worked_positions
from quotaloom.funnels.reach import require_customer
from quotaloom.ownership.ledger import begin_ownership
from quotaloom.ownership.owners import NOBODY, Movement, RecordKind
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts, Work

CHANGEABLE = frozenset({"name", "sector", "location", "parent_key"})
"""The fields of `NewCustomer` that `update_customer` takes."""

_LENGTHS = {"sector": 100, "location": 200}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """An account; `parent_key` is the key of the customer it belongs to (in the same batch, or stored).

    Without a `key` one is made of the id.
    """

    name: str
    key: str | None = None
    sector: str | None = None
    location: str | None = None
    parent_key: str | None = None


async def create_customer(work: Work, customer: NewCustomer) -> int:
    """Create a customer; returns its id.

    Needs an admin, a service with `funnels:write`, or a member who holds a position or heads a unit today.
    Raises `InputError` for bad values, a key that is taken, or a parent that does not exist or has deals that are
    none of the viewer's.
    """
    require_seller(work.viewer, "creating a customer")

    async def apply(transaction: Transaction) -> int:
        if (worked := await worked_positions(transaction, work.viewer, work.today)) is not None and not worked:
            raise AccessDenied("creating a customer needs somebody who holds a position or heads a unit today")
        with without_row():
            inserted = await insert_customers(transaction, work.company, [customer])
        if not inserted.created[0]:
            raise InputError("KEY_TAKEN", f"the key {customer.key!r} is taken: choose another one", ("key",))
        if customer.parent_key is not None:
            await _require_parent(transaction, work, customer.parent_key)
        return inserted.ids[0]

    return await work.write(apply)


async def insert_customers(
    transaction: Transaction, company: CompanyFacts, rows: Sequence[NewCustomer], movement: Movement = Movement.CREATE
) -> Inserted:
    """Insert many customers in a constant number of statements; those whose key is stored stay as they are.

    Nobody holds them yet; `movement` is how they came. A parent may stand anywhere in the batch. Raises `InputError`
    with the row's number first in its path.
    """
    _check_batch(rows)
    today = company.today(transaction.now)
    reserved = await reserve_ids(transaction, "customer", len(rows))
    keys = [row.key or f"customer-{number}" for row, number in zip(rows, reserved, strict=True)]
    stored = await transaction.fetch(
        "INSERT INTO customer (company_id, created_on, version, id, key, name, sector, location)"
        " SELECT $1, $2, 1, given.* FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) AS given"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id, key",
        transaction.company_id,
        today,
        reserved,
        keys,
        [row.name.strip() for row in rows],
        [row.sector for row in rows],
        [row.location for row in rows],
    )
    created = {row["key"]: row["id"] for row in stored}
    owners = [(customer_id, NOBODY) for customer_id in created.values()]
    await begin_ownership(transaction, RecordKind.CUSTOMER, owners, movement, today)
    ids = await _ids(transaction, {*keys, *(row.parent_key for row in rows if row.parent_key is not None)})
    await _set_parents(transaction, rows, set(created.values()), [ids[key] for key in keys], ids)
    for row, key in zip(rows, keys, strict=True):
        if key in created:
            transaction.record("customer.create", "Customer", created[key], after=asdict(row) | {"key": key})
            transaction.publish("customer.created", id=created[key])
    return Inserted(tuple(ids[key] for key in keys), tuple(key in created for key in keys))


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

    Needs an admin, a service with `funnels:write`, or a member who may write one of the customer's deals; a
    customer without any deal is everybody's who sells. Raises `NotFound`, `Conflict` where the version is
    another, `InputError` for bad values and for a parent that is the customer itself or belongs to it.
    """
    require_seller(work.viewer, "changing a customer")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(CHANGEABLE))} can", (name,))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("customers")
        row = await hold_customer(transaction, work, customer_id)
        if expected_version not in (None, row["version"]):
            raise Conflict("STALE", "this customer was changed meanwhile: read it again", ("expectedVersion",))
        before = NewCustomer(row["name"], row["key"], row["sector"], row["location"], row["parent_key"])
        after = replace(before, **changes)
        with without_row():
            _check_batch([after])
        if after.parent_key is not None and "parent_key" in changes:
            await _require_parent(transaction, work, after.parent_key)
        parent_id = await _parent_of(transaction, customer_id, after.parent_key)
        await transaction.execute(
            "UPDATE customer SET name = $3, sector = $4, location = $5, parent_id = $6, version = version + 1"
            " WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            customer_id,
            after.name.strip(),
            after.sector,
            after.location,
            parent_id,
        )
        transaction.record("customer.update", "Customer", customer_id, before=asdict(before), after=asdict(after))
        transaction.publish("customer.updated", id=customer_id)

    await work.write(apply)


async def hold_customer(transaction: Transaction, work: Work, customer_id: int) -> Record:
    """The customer with the key of its parent, locked until the transaction ends.

    Raises `NotFound` where it does not exist or is not the viewer's to change.
    """
    if not may_be_id(customer_id):
        raise unknown("customer", customer_id, ("id",))
    worked = await worked_positions(transaction, work.viewer, work.today)
    row = await transaction.fetch_one(
        "SELECT customer.*, parent.key AS parent_key FROM customer LEFT JOIN customer AS parent"
        " ON parent.company_id = customer.company_id AND parent.id = customer.parent_id"
        " WHERE customer.company_id = $1 AND customer.id = $2 AND ($3::bigint[] IS NULL OR EXISTS ("
        "  SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $2 AND position_id = ANY ($3))"
        " OR cardinality($3) > 0 AND NOT EXISTS ("
        "  SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $2)) FOR UPDATE OF customer",
        transaction.company_id,
        customer_id,
        worked,
    )
    if row is None:
        raise unknown("customer", customer_id, ("id",))
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
