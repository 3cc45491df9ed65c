"""Merging leads and customers that are the same."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import orjson
import pytest

from quotaloom.attributes.definitions import Subject
from quotaloom.duplicates.finding import Duplicate, duplicates_of
from quotaloom.duplicates.normal_forms import Likeness
from quotaloom.duplicates.rules import Compared, DuplicateSubject, Rule
from quotaloom.funnels.commands.customers import NewCustomer, create_customer, update_customer
from quotaloom.leads.commands import mark_lead_invalid
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.merging import merge_leads
from quotaloom.leads.merging_customers import merge_customers
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom_sdk.attributes import AttributeKind, Reference
from tests.integration.attributes.noting import define, note, noted, refused
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, gid
from tests.integration.leads.offices import lead_of, open_pool
from tests.integration.leads.test_converting import visit
from tests.integration.ownership.replaying import replayed


async def test_the_kept_lead_takes_over_what_it_does_not_have(database: Database) -> None:
    """Its own source stays; phone and website are the first other's, the note is the second's; the visit is its own."""
    floor = await furnish(database)
    kept = await lead_of(floor, source="fair")
    first = await lead_of(floor, "bob", source="web", phone="+49 89 123456", website="globex.com")
    second = await lead_of(floor, None, note="hot", phone="1", pool_id=await open_pool(floor))
    await visit(floor, first)
    await merge_leads(floor.as_member("hal"), kept, [first, second], "The same person", expected_version=1)
    row = await floor.one("SELECT source, phone, domain, note, compared_phone, status FROM lead WHERE id = $1", kept)
    assert tuple(row) == ("fair", "+49 89 123456", "globex.com", "hot", "+4989123456", "open")
    assert (await floor.one("SELECT lead_id FROM activity"))["lead_id"] == kept
    rows = await floor.rows("SELECT status, merged_into_id, phone FROM lead WHERE id <> $1 ORDER BY id", kept)
    assert [tuple(row) for row in rows] == [("merged", kept, "+49 89 123456"), ("merged", kept, "1")]
    assert await replayed(floor.work) == {
        ("lead", kept): (None, floor.members["ann"], floor.units["ann"]),
        ("lead", first): (None, None, None),
        ("lead", second): (None, None, None),
    }
    entries = await floor.rows("SELECT movement, reason FROM ownership_entry WHERE movement <> 'create'")
    assert [tuple(entry) for entry in entries] == [("merge", "The same person")] * 2


AUDITED = """
SELECT action, object_type, object_id, before, after, reason FROM audit_entry
WHERE id > $1 AND (object_type, object_id) <> ($2, $3) ORDER BY object_type, object_id
"""


async def audited(floor: Floor, merging: Awaitable[None], kind: str, kept_id: int) -> list[tuple[Any, ...]]:
    """What the log says of others than the kept one once it is merged: action, type, number, before, after, reason."""
    last = await floor.one("SELECT max(id) FROM audit_entry")
    await merging
    rows = await floor.rows(AUDITED, last["max"], kind, kept_id)
    return [
        (*row[:3], orjson.loads(row["before"] or "null"), orjson.loads(row["after"]), row["reason"]) for row in rows
    ]


async def test_the_log_tells_of_a_merge_under_each_merged_lead(database: Database) -> None:
    """Bob's lead was open and his, and is part of Ann's; so is one that was part of his, and the visit is of hers."""
    floor = await furnish(database)
    kept, other, earlier = await lead_of(floor), await lead_of(floor, "bob"), await lead_of(floor, "bob")
    await merge_leads(floor.work, other, [earlier])
    await visit(floor, other)
    found = await audited(floor, merge_leads(floor.work, kept, [other], "The same person"), "Lead", kept)
    (activity,) = await floor.rows("SELECT id FROM activity")
    was = next(one[3] for one in found if one[2] == other and one[1] == "Lead")
    assert (was["status"], was["owner"]["member_id"]) == ("open", floor.members["bob"])
    nobody = {"pool_id": None, "member_id": None, "position_id": None}
    merged = {"status": "merged", "merged_into_id": kept, "owner": nobody}
    assert found == [
        ("activity.follow_merge", "Activity", activity["id"], {"lead_id": other}, {"lead_id": kept}, None),
        ("lead.merge_into", "Lead", other, was, merged, "The same person"),
        ("lead.follow_merge", "Lead", earlier, {"merged_into_id": other}, {"merged_into_id": kept}, None),
    ]


async def test_the_log_tells_of_a_merge_under_all_that_follows_a_customer(database: Database) -> None:
    """The merged one, one that was part of it, its subsidiary, its deal, its lead, and a unit that referred to it.

    Of the kept one it tells besides which attribute it took over.
    """
    floor = await furnish(database)
    await define(floor, on=Subject.CUSTOMER, key="grade")
    await define(floor, AttributeKind.REFERENCE, on=Subject.UNIT, key="first", refers_to=Subject.CUSTOMER)
    kept, other, earlier = await customers(
        floor, NewCustomer("Globex"), NewCustomer("GLOBEX", key="o"), NewCustomer("Globex Inc")
    )
    (child,) = await customers(floor, NewCustomer("Child", parent_key="o"))
    await merge_customers(floor.work, other, [earlier])
    deal = await floor.open("ann", customer_id=other)
    await convert_lead(floor.work, lead := await lead_of(floor), Conversion(other))
    await note(floor.work, Subject.CUSTOMER, other, grade="A")
    await note(floor.work, Subject.UNIT, floor.units["east"], first=Reference("customer", str(other)))
    found = await audited(floor, merge_customers(floor.work, kept, [other], "The same firm"), "Customer", kept)
    assert [one[:3] for one in found] == [
        ("customer.merge_into", "Customer", other),
        ("customer.follow_merge", "Customer", earlier),
        ("customer.follow_merge", "Customer", child),
        ("lead.follow_merge", "Lead", lead),
        ("opportunity.follow_merge", "Opportunity", deal),
        ("attributes.follow_merge", "OrgUnit", floor.units["east"]),
    ]
    assert (found[0][3]["name"], found[0][4]["merged_into_id"], found[0][5]) == ("GLOBEX", kept, "The same firm")
    assert found[4][3:5] == ({"customer_id": other}, {"customer_id": kept})
    taken = await floor.one("SELECT object_id FROM audit_entry WHERE action = 'attributes.take_over'")
    assert taken["object_id"] == kept


async def test_a_merged_lead_is_seen_and_found_as_the_kept_one(database: Database) -> None:
    """Ann sees it from her lead; its number is found as hers; what it had merged before is part of hers too."""
    floor = await furnish(database)
    kept, other = await lead_of(floor, key="k"), await lead_of(floor, "bob", key="o", phone="+49 89 123456")
    earlier = await lead_of(floor, "bob", key="e")
    await merge_leads(floor.work, other, [earlier])
    await merge_leads(floor.work, kept, [other])
    query = "query ($id: ID!) { lead(id: $id) { merged { key mergedInto { key } status phone } } }"
    found = await ask(floor, query, "ann", id=gid("Lead", kept))
    assert found["lead"]["merged"] == [
        {"key": "o", "mergedInto": {"key": "k"}, "status": "MERGED", "phone": "+49 89 123456"},
        {"key": "e", "mergedInto": {"key": "k"}, "status": "MERGED", "phone": None},
    ]
    async with floor.work.snapshot() as snapshot:
        rule = Rule(DuplicateSubject.LEAD, (Compared.PHONE,))
        assert await duplicates_of(snapshot, rule, [Likeness(phone="+4989123456")]) == [
            [Duplicate(kept, (Compared.PHONE,))]
        ]


async def test_which_leads_cannot_be_merged(database: Database) -> None:
    """Not into an invalid one, not a merged or converted one into an open one, and not what is out of sight."""
    floor = await furnish(database)
    kept, invalid, converted, foreign = [await lead_of(floor, name) for name in ("ann", "ann", "ann", "cem")]
    await mark_lead_invalid(floor.work, invalid, "wrong number")
    await convert_lead(floor.work, converted, Conversion(customer=NewCustomer("")))
    for attempt, code, path in (
        (merge_leads(floor.work, invalid, [kept]), "NOT_OPEN", ("keptId",)),
        (merge_leads(floor.work, kept, [converted]), "CONVERTED", ("mergedIds", 0)),
        (merge_leads(floor.as_member("hal"), kept, [foreign]), "UNKNOWN_LEAD", ("mergedIds", 0)),
        (merge_leads(floor.as_member("wu"), kept, [foreign]), "UNKNOWN_LEAD", ("keptId",)),
        (merge_leads(floor.work, kept, []), "BAD_COUNT", ("mergedIds",)),
        (merge_leads(floor.work, kept, [invalid, kept]), "TWICE", ("mergedIds", 1)),
        (merge_leads(floor.work, kept, [invalid], expected_version=7), "STALE", ("expectedVersion",)),
    ):
        with pytest.raises(InputError) as caught:
            await attempt
        assert (caught.value.code, caught.value.path) == (code, path)
    await merge_leads(floor.work, converted, [kept, invalid])
    with pytest.raises(InputError, match="part of another one already"):
        await merge_leads(floor.work, converted, [kept])


async def customers(floor: Floor, *rows: NewCustomer) -> list[int]:
    return [await create_customer(floor.work, row) for row in rows]


async def test_what_a_customer_has_follows_to_the_kept_one(database: Database) -> None:
    """Deals, leads and subsidiaries; sector and phone, where the kept one has none; the ledger of owners says why."""
    floor = await furnish(database)
    kept, other, child = await customers(
        floor,
        NewCustomer("Globex", key="k", location="Rome"),
        NewCustomer("GLOBEX", key="o", sector="Energy", location="Paris", phone="+49 89 123456"),
        NewCustomer("Child", parent_key="o"),
    )
    await floor.open("ann", customer_id=kept)
    deal = await floor.open("ann", customer_id=other)
    lead = await lead_of(floor)
    await convert_lead(floor.work, lead, Conversion(other))
    await merge_customers(floor.as_member("ann"), kept, [other], "The same firm")
    row = await floor.one("SELECT sector, location, phone, compared_phone FROM customer WHERE id = $1", kept)
    assert tuple(row) == ("Energy", "Rome", "+49 89 123456", "+4989123456")
    assert (await floor.one("SELECT customer_id FROM opportunity WHERE id = $1", deal))["customer_id"] == kept
    assert (await floor.one("SELECT customer_id FROM lead"))["customer_id"] == kept
    assert (await floor.one("SELECT parent_id FROM customer WHERE id = $1", child))["parent_id"] == kept
    assert (await floor.one("SELECT merged_into_id FROM customer WHERE id = $1", other))["merged_into_id"] == kept
    await replayed(floor.work)
    (entry,) = await floor.rows("SELECT reason, actor_member_id FROM ownership_entry WHERE movement = 'merge'")
    assert tuple(entry) == ("The same firm", floor.members["ann"])
    listed = await ask(floor, "{ customers { nodes { key merged { key mergedInto { key } } } } }", "ann")
    assert {"key": "k", "merged": [{"key": "o", "mergedInto": {"key": "k"}}]} in listed["customers"]["nodes"]
    assert all(node["key"] != "o" for node in listed["customers"]["nodes"])


@pytest.mark.parametrize("on", [Subject.CUSTOMER, Subject.LEAD])
async def test_attributes_follow_where_the_kept_one_has_none(database: Database, on: Subject) -> None:
    """Its own grade stays; the region is the first other's that has one; what named an other one names the kept one."""
    floor = await furnish(database)
    for key in ("grade", "region"):
        await define(floor, on=on, key=key)
    await define(floor, AttributeKind.REFERENCE, on=Subject.UNIT, key="first", refers_to=on)
    if on is Subject.CUSTOMER:
        ids = await customers(floor, *[NewCustomer("Globex") for _ in range(3)])
    else:
        ids = [await lead_of(floor) for _ in range(3)]
    for id, values in zip(ids, ({"grade": "A"}, {"grade": "B"}, {"grade": "C", "region": "South"}), strict=True):
        await note(floor.work, on, id, **values)
    await note(floor.work, Subject.UNIT, floor.units["east"], first=Reference(on.value, str(ids[2])))
    await (merge_customers if on is Subject.CUSTOMER else merge_leads)(floor.work, ids[0], ids[1:])
    assert await noted(floor, on, ids[0]) == {"grade": "A", "region": "South"}
    assert await noted(floor, Subject.UNIT, floor.units["east"]) == {"first": Reference(on.value, str(ids[0]))}
    assert await refused(note(floor.work, on, ids[1], grade="D")) == "MERGED at id"


async def test_a_parent_is_taken_over_unless_it_would_make_a_circle(database: Database) -> None:
    """The parent of a firm outside is; that of a grandchild, which is a child of the kept one itself, is not."""
    floor = await furnish(database)
    kept, _, grandchild, _, other = await customers(
        floor,
        NewCustomer("Kept", key="k"),
        NewCustomer("Child", key="c", parent_key="k"),
        NewCustomer("Grandchild", parent_key="c"),
        NewCustomer("Holding", key="h"),
        NewCustomer("Kept", parent_key="h"),
    )
    above = (
        "SELECT parent.key FROM customer LEFT JOIN customer AS parent ON parent.id = customer.parent_id"
        " WHERE customer.id = $1"
    )
    await merge_customers(floor.work, kept, [grandchild])
    assert (await floor.one(above, kept))["key"] is None
    await merge_customers(floor.work, kept, [other])
    assert (await floor.one(above, kept))["key"] == "h"


async def test_which_customers_cannot_be_merged(database: Database) -> None:
    """Not into one that belongs to it, not one that is merged already, and not those of others."""
    floor = await furnish(database)
    parent, child, foreign = await customers(
        floor, NewCustomer("Parent", key="p"), NewCustomer("Child", parent_key="p"), NewCustomer("Foreign")
    )
    await floor.open("cem", customer_id=foreign)
    ann = floor.as_member("ann")
    attempts: list[tuple[Any, type[InputError], str]] = [
        (merge_customers(floor.work, child, [parent]), InputError, "BELOW"),
        (merge_customers(ann, parent, [foreign]), NotFound, "UNKNOWN_CUSTOMER"),
        (merge_customers(ann, foreign, [parent]), NotFound, "UNKNOWN_CUSTOMER"),
        (merge_customers(floor.work, parent, [10**30]), NotFound, "UNKNOWN_CUSTOMER"),
        (merge_customers(floor.work, parent, [child], expected_version=7), Conflict, "STALE"),
    ]
    for attempt, kind, code in attempts:
        with pytest.raises(kind) as caught:
            await attempt
        assert caught.value.code == code
    await merge_customers(floor.work, parent, [child])
    for attempt in (
        merge_customers(floor.work, parent, [child]),
        update_customer(floor.work, child, {"sector": "Energy"}),
        floor.open("ann", customer_id=child),
    ):
        with pytest.raises(InputError) as caught:
            await attempt
        assert caught.value.code == "MERGED"


async def test_a_customer_that_somebody_holds_is_his_and_his_heads(database: Database) -> None:
    """Ann's customer without a deal is out of Bob's sight, and Hal's to change."""
    floor = await furnish(database)
    customer = await create_customer(floor.as_member("ann"), NewCustomer("Globex"), floor.units["ann"])
    await update_customer(floor.as_member("hal"), customer, {"sector": "Energy"})
    with pytest.raises(NotFound):
        await update_customer(floor.as_member("bob"), customer, {"sector": "Oil"})
    for who, count in (("ann", 1), ("hal", 1), ("bob", 0), ("wu", 0)):
        assert (await ask(floor, "{ customers { totalCount } }", who))["customers"]["totalCount"] == count
