"""Pools and their records as each viewer may see them."""

from __future__ import annotations

from typing import Any

from quotaloom.ownership.owners import RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.pool.chains import opt_out
from quotaloom.pool.commands import create_pool, update_pool
from quotaloom.pool.pools import NewPool
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.pool.seas import Sea, sea_for

WAITING = """{ waitingRecords { totalCount nodes { name phone hiddenFields viewerCan { claim move assign }
    ownership { pool { key } } } } }"""

HELD = """query ($member: ID) { heldRecords(member: $member) { totalCount
    nodes { id phone ownership { member { name } } } } }"""

EXPLAINED = """query ($id: ID!) { explainOwnership(recordId: $id) {
    claimable refusals { code rule { key } used limit possibleOn } outlook { recycledOn paused } } }"""

MANY = """{ pools { key waitingCount heldCount members { orgUnit { name } } admins { name }
    rules { key viewerCan { edit } } viewerCan { claim assign }
    records(first: 10) { totalCount nodes { name level { key } ownership { pool { name }
        history { movement toPool { name } } } } }
    held: records(first: 10, held: true) { nodes { name ownership { member { name } outlook { recycledOn } } } } } }"""


def customer(record: RecordName) -> str:
    """The id of a customer in the graph."""
    return gid("Customer", record.id)


async def sea_with_phones(database: Database, count: int) -> tuple[Sea, list[RecordName]]:
    """The sea with customers that have a telephone number, which the pool hides."""
    sea = await sea_for(database)
    records = await sea.customers(count)

    async def call_them(transaction: Transaction) -> None:
        await transaction.execute("UPDATE customer SET phone = '123'")

    await sea.floor.work.write(call_them)
    return sea, records


async def test_a_pool_does_not_tell_how_many_others_belong_to_it(database: Database) -> None:
    """East, West, Ann and Cem do: Ann reads of East and of herself, Cem of West and himself, and Hal of his own two."""
    sea = await sea_for(database)
    units, people = sea.floor.units, sea.floor.members
    everybody = {"unit_ids": (units["east"], units["west"]), "member_ids": (people["ann"], people["cem"])}
    await update_pool(sea.work, sea.pool, everybody)
    shown = {}
    for who in (None, "ann", "hal", "cem"):
        (pool,) = (await ask(sea.floor, "{ pools { members { orgUnit { name } member { name } } } }", who))["pools"]
        shown[who] = sorted((one["orgUnit"] or one["member"] or {"name": "?"})["name"] for one in pool["members"])
    assert shown == {
        None: ["Ann", "Cem", "East", "West"],
        "ann": ["Ann", "East"],
        "hal": ["Ann", "East"],
        "cem": ["Cem", "West"],
    }


async def test_members_do_not_see_what_their_pool_hides(database: Database) -> None:
    """Ann sees the name and no number until the customer is hers; Wu looks after the pool; Cem sees nothing."""
    sea, (first, _) = await sea_with_phones(database, 2)
    shown = {}
    for who in (None, "ann", "wu", "cem"):
        found = (await ask(sea.floor, WAITING, who))["waitingRecords"]
        shown[who] = found["totalCount"], [(one["phone"], one["hiddenFields"]) for one in found["nodes"]]
    assert shown == {
        None: (2, [("123", [])] * 2),
        "ann": (2, [(None, ["PHONE"])] * 2),
        "wu": (2, [("123", [])] * 2),
        "cem": (0, []),
    }
    await sea.claim("ann", first)
    (held,) = (await ask(sea.floor, HELD, "ann"))["heldRecords"]["nodes"]
    assert held == {"id": customer(first), "phone": "123", "ownership": {"member": {"name": "Ann"}}}


async def test_held_records_are_those_that_one_may_move(database: Database) -> None:
    """Ann and her head see Ann's, Bob does not; a service that reads sees all; one member's may be asked for."""
    sea, (first, second) = await sea_with_phones(database, 2)
    await sea.claim("ann", first)
    await sea.claim("bob", second)
    reader = Identity(sea.work.company.id, "crm", Role.SERVICE, scopes=frozenset({Scope.READ.value}))
    counts = {}
    for who in ("ann", "bob", "hal", "wu", "cem", reader):
        found = await ask(sea.floor, HELD, who)
        counts[who if isinstance(who, str) else "reader"] = found["heldRecords"]["totalCount"]
    assert counts == {"ann": 1, "bob": 1, "hal": 2, "wu": 2, "cem": 0, "reader": 2}
    mine = await ask(sea.floor, HELD, "hal", member=gid("Member", sea.floor.members["bob"]))
    assert [one["id"] for one in mine["heldRecords"]["nodes"]] == [customer(second)]


async def test_pages_go_on_and_say_what_one_may_do(database: Database) -> None:
    """Three wait, two to a page, searched by name; a member claims, whoever looks after the pool assigns."""
    sea, _ = await sea_with_phones(database, 3)
    query = """query ($after: String, $text: String) { waitingRecords(first: 2, after: $after, text: $text) {
        totalCount nodes { name } pageInfo { hasNextPage endCursor } } }"""
    first = (await ask(sea.floor, query, "ann"))["waitingRecords"]
    second = (await ask(sea.floor, query, "ann", after=first["pageInfo"]["endCursor"]))["waitingRecords"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], len(first["nodes"])) == (3, True, 2)
    assert (second["totalCount"], [one["name"] for one in second["nodes"]]) == (3, ["Customer 2"])
    searched = (await ask(sea.floor, query, "ann", text="mer 1"))["waitingRecords"]
    assert [one["name"] for one in searched["nodes"]] == ["Customer 1"]
    rights = {}
    for who in ("ann", "wu"):
        (one, *_) = (await ask(sea.floor, WAITING, who))["waitingRecords"]["nodes"]
        rights[who] = {name for name, may in one["viewerCan"].items() if may}
    assert rights == {"ann": {"claim"}, "wu": {"assign"}}


async def test_an_explanation_is_for_those_who_see_the_record(database: Database) -> None:
    """The asker's own limits are told, each rule apart; Wu is no member of his pool; others are told nothing."""
    sea, (first, second) = await sea_with_phones(database, 2)
    await sea.rule(RuleKind.CLAIM_LIMIT, {"count": 1, "window": "WEEK"}, "weekly")
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1}, "few")
    await sea.claim("ann", first)
    found = (await ask(sea.floor, EXPLAINED, "ann", id=customer(second)))["explainOwnership"]
    weekly = {"code": "CLAIM_LIMIT", "rule": {"key": "weekly"}, "used": 1, "limit": 1, "possibleOn": "2026-06-08"}
    few = {"code": "HOLDING_CAP", "rule": {"key": "few"}, "used": 1, "limit": 1, "possibleOn": None}
    assert found == {"claimable": False, "refusals": [weekly, few], "outlook": None}
    assert (await ask(sea.floor, EXPLAINED, "bob", id=customer(second)))["explainOwnership"]["claimable"]
    wu = (await ask(sea.floor, EXPLAINED, "wu", id=customer(second)))["explainOwnership"]
    assert (wu["claimable"], [one["code"] for one in wu["refusals"]]) == (False, ["NOT_A_MEMBER"])
    for who, record in (("cem", second), ("bob", first)):
        assert (await ask(sea.floor, EXPLAINED, who, id=customer(record)))["explainOwnership"] is None


async def test_a_deal_that_waits_is_nobodys_to_work_on(database: Database) -> None:
    """It has no position, and is in no list of a member; an admin may not win it before somebody has it."""
    sea = await sea_for(database)
    deal = await sea.deal("ann")
    await sea.release("ann", deal, pool=sea.pool)
    query = """{ opportunities { nodes {
        id position { name } member { name } viewerCan { edit } ownership { pool { key } } } } }"""
    (found,) = (await ask(sea.floor, query))["opportunities"]["nodes"]
    nobody = {"position": None, "member": None, "viewerCan": {"edit": True}, "ownership": {"pool": {"key": "sea"}}}
    assert found == {"id": gid("Opportunity", deal.id), **nobody}
    assert (await ask(sea.floor, query, "ann"))["opportunities"]["nodes"] == []
    won = await do(sea.floor, "winOpportunity", "", id=gid("Opportunity", deal.id))
    assert won["errors"] == ["WAITING at id"]
    claimed = await do(
        sea.floor, "claimRecords", "results { done record { name amount } }", "bob", recordIds=[found["id"]]
    )
    assert claimed["results"][0] == {"done": True, "record": {"name": f"opportunity-{deal.id}", "amount": "1000.00"}}
    assert [one["id"] for one in (await ask(sea.floor, query, "bob"))["opportunities"]["nodes"]] == [found["id"]]


async def test_rules_are_laid_down_by_who_looks_after_the_pool(database: Database) -> None:
    """Wu for the sea, not for all pools; his rule is shown to those who claim."""
    sea = await sea_for(database)
    rule: dict[str, Any] = {"key": "cap", "name": "Cap", "kind": "HOLDING_CAP", "parameters": {"count": 9}}
    given = {**rule, "poolId": gid("Pool", sea.pool)}
    made = await do(sea.floor, "createPoolRule", "poolRule { kind parameters pool { key } }", "wu", **given)
    assert made["poolRule"] == {"kind": "HOLDING_CAP", "parameters": {"count": 9}, "pool": {"key": "sea"}}
    found = (await ask(sea.floor, "{ pools { rules { key viewerCan { edit } } } }", "ann"))["pools"]
    assert found == [{"rules": [{"key": "cap", "viewerCan": {"edit": False}}]}]


async def test_pools_cost_the_same_however_much_is_in_them(database: Database) -> None:
    """Two pools with many records need as many statements as one with a record of each."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 3}}}, "idle")
    first, *_ = await sea.customers(2)
    await sea.claim("ann", first)
    few = await statements(sea.floor, MANY)
    more = await sea.customers(15)
    await sea.claim("bob", *more[:9])
    pond = await create_pool(
        sea.work, NewPool("pond", "Pond", [RecordKind.CUSTOMER], member_ids=[sea.floor.members["cem"]])
    )
    await sea.customers(3, pond)
    assert await statements(sea.floor, MANY) == few


async def test_what_one_gives_back_to_where_he_is_no_member_is_told_no_more(database: Database) -> None:
    """Ann releases a customer of the pond, which is not hers: it is done, and where it waits she does not see."""
    sea = await sea_for(database)
    pond = await create_pool(sea.work, NewPool("pond", "Pond", [RecordKind.CUSTOMER]))
    (record,) = await sea.customers(1, pool=pond)
    await sea.assign("ann", record)
    told = {"recordIds": [customer(record)], "reason": "No time"}
    released = await do(sea.floor, "releaseRecords", "results { done record { name } }", "ann", **told)
    assert released == {"results": [{"done": True, "record": None}], "errors": []}


async def test_who_opted_out_is_told_to_those_who_see_him(database: Database) -> None:
    """Bob takes nothing of the sea for a while: Hal, his head, is told, and Ann, his neighbour, is not."""
    sea = await sea_for(database)
    await opt_out(sea.of("bob"), sea.pool, sea.floor.members["bob"], opted_out=True)
    query = "{ pools { optedOut { name } } }"
    told = {who: (await ask(sea.floor, query, who))["pools"][0]["optedOut"] for who in ("ann", "bob", "hal")}
    assert told == {"ann": [], "bob": [{"name": "Bob"}], "hal": [{"name": "Bob"}]}
