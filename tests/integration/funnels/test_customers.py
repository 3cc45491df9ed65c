"""Creating and changing customers."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.funnels.commands.customers import NewCustomer, create_customer, insert_customers, update_customer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from tests.integration.funnels.floors import Floor, furnish

PARENTS = """
SELECT customer.key, parent.key AS parent FROM customer LEFT JOIN customer AS parent ON parent.id = customer.parent_id
ORDER BY customer.key
"""


async def insert(floor: Floor, *rows: NewCustomer) -> tuple[bool, ...]:
    inserted = await floor.work.write(lambda transaction: insert_customers(transaction, floor.work.company, rows))
    return inserted.created


async def test_a_customer_without_a_key_gets_one_of_its_own(database: Database) -> None:
    """Two of the same name are two customers with different keys."""
    floor = await furnish(database)
    first, second = [await create_customer(floor.work, NewCustomer("Contoso")) for _ in range(2)]
    rows = await floor.rows("SELECT id, key FROM customer ORDER BY id")
    assert [tuple(row) for row in rows] == [(first, f"customer-{first}"), (second, f"customer-{second}")]


async def test_a_batch_knows_parents_in_it_and_stored_ones_and_leaves_what_stands(database: Database) -> None:
    """The child may come before its parent; the same batch again creates nothing and changes nothing."""
    floor = await furnish(database)
    assert await insert(floor, NewCustomer("Root", key="root")) == (True,)
    rows = (
        NewCustomer("Child", key="child", parent_key="middle"),
        NewCustomer("Middle", key="middle", parent_key="root"),
    )
    assert await insert(floor, *rows) == (True, True)
    assert await insert(floor, NewCustomer("Other name", key="child"), NewCustomer("New", key="new")) == (False, True)
    assert [tuple(row) for row in await floor.rows(PARENTS)] == [
        ("child", "middle"),
        ("middle", "root"),
        ("new", None),
        ("root", None),
    ]
    assert (await floor.one("SELECT name FROM customer WHERE key = 'child'"))["name"] == "Child"


@pytest.mark.parametrize(
    ("rows", "code", "path"),
    [
        ([NewCustomer("A", key="a"), NewCustomer("B", key="a")], "DUPLICATE_KEY", (1, "key")),
        ([NewCustomer("A", key=" a")], "BAD_KEY", (0, "key")),
        ([NewCustomer(" ", key="a")], "BAD_NAME", (0, "name")),
        ([NewCustomer("A\0", key="a")], "BAD_TEXT", (0, "name")),
        ([NewCustomer("A", sector="s" * 101)], "TOO_LONG", (0, "sector")),
        ([NewCustomer("A", location="l" * 201)], "TOO_LONG", (0, "location")),
        ([NewCustomer("A"), NewCustomer("B", parent_key="none")], "UNKNOWN_CUSTOMER", (1, "parentKey")),
        ([NewCustomer("A", key="a", parent_key="a")], "CIRCLE", (0, "parentKey")),
        (
            [NewCustomer("A", key="a", parent_key="b"), NewCustomer("B", key="b", parent_key="a")],
            "CIRCLE",
            (0, "parentKey"),
        ),
    ],
)
async def test_a_batch_with_a_bad_row_is_refused_as_a_whole(
    database: Database, rows: list[NewCustomer], code: str, path: tuple[int, str]
) -> None:
    """The error names the row and the field, and nothing is written."""
    floor = await furnish(database)
    with pytest.raises(InputError) as caught:
        await insert(floor, *rows)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert await floor.rows("SELECT FROM customer") == []


async def test_a_key_that_is_taken_is_refused(database: Database) -> None:
    """One customer per key; the path has no row number."""
    floor = await furnish(database)
    await create_customer(floor.work, NewCustomer("A", key="a"))
    with pytest.raises(InputError) as caught:
        await create_customer(floor.work, NewCustomer("B", key="a"))
    assert (caught.value.code, caught.value.path) == ("KEY_TAKEN", ("key",))


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"name": ""}, "BAD_NAME", ("name",)),
        ({"parent_key": "none"}, "UNKNOWN_CUSTOMER", ("parentKey",)),
        ({"parent_key": "root"}, "CIRCLE", ("parentKey",)),
        ({"parent_key": "child"}, "CIRCLE", ("parentKey",)),
        ({"key": "other"}, "UNKNOWN_FIELD", ("key",)),
    ],
)
async def test_a_bad_change_is_refused(
    database: Database, changes: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    """A customer belongs neither to itself nor to one that belongs to it; its key stays."""
    floor = await furnish(database)
    root = await create_customer(floor.work, NewCustomer("Root", key="root"))
    await create_customer(floor.work, NewCustomer("Child", key="child", parent_key="root"))
    with pytest.raises(InputError) as caught:
        await update_customer(floor.work, root, changes)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert (await floor.one("SELECT version FROM customer WHERE key = 'root'"))["version"] == 1


async def test_a_change_keeps_what_it_does_not_name(database: Database) -> None:
    """The sector changes, the parent stays, the version rises; a stale version is a conflict."""
    floor = await furnish(database)
    await create_customer(floor.work, NewCustomer("Root", key="root"))
    child = await create_customer(floor.work, NewCustomer("Child", key="child", location="Oslo", parent_key="root"))
    await update_customer(floor.work, child, {"sector": "retail"}, expected_version=1)
    row = await floor.one("SELECT sector, location, parent_id IS NULL, version FROM customer WHERE key = 'child'")
    assert tuple(row) == ("retail", "Oslo", False, 2)
    with pytest.raises(Conflict):
        await update_customer(floor.work, child, {"sector": "none"}, expected_version=1)
