"""What a service is told that may write and not read: what it changed, and nothing beyond."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from typing import Any

import pytest

from quotaloom.importing.templates.layout import digest
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import split_id
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import ask, ask_once, do, gid
from tests.integration.graph.worlds import World, small_world
from tests.integration.pool.seas import Sea, sea_for

DECOMPOSE = "stored units { name target yearTarget explanation }"


def service(floor: Floor, *scopes: Scope) -> Identity:
    """A service whose token names these scopes."""
    return Identity(floor.work.company.id, "crm", Role.SERVICE, scopes=frozenset(scopes))


async def refusal(floor: Floor, who: Identity, name: str, **values: Any) -> list[str]:
    """The codes of the errors of a mutation that is refused as a whole."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
    data, codes = await ask_once(floor, f"{name} {sorted(who.scopes)}", query, who, input=values)
    assert data is None
    return codes


async def message(floor: Floor, who: Identity | None, name: str, /, **values: Any) -> str:
    """The message of the one error of a payload."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ errors {{ message }} }} }}"
    (error,) = (await ask(floor, query, who, input=values))[name]["errors"]
    return str(error["message"])


def dry_runs(world: World) -> dict[str, tuple[Scope, dict[str, Any]]]:
    """Each mutation that can be tried without an effect, with the scope that it takes."""
    whole = {"planId": world["whole plan"], "orgUnitId": world.unit("acme")}
    parts = [{"planId": world["product plan"], "weight": "1"}]
    sheet = b64encode(b"unit,line,month 2032-01\nacme,target,9").decode()
    return {
        "decomposeTarget": (Scope.TARGETS, {**whole, "dryRun": True}),
        "decomposeAlongProducts": (Scope.TARGETS, {**whole, "parts": parts, "dryRun": True}),
        "importTargets": (Scope.TARGETS, {"planId": world["whole plan"], "format": "CSV", "content": sheet}),
        "handOutRecords": (Scope.POOL, {"poolId": world["pool"], "trial": True}),
    }


async def test_what_is_tried_is_for_those_who_may_read(database: Database) -> None:
    """A dry run shows what is stored, and changes nothing that a service could be told of instead."""
    world = await small_world(database)
    for name, (scope, values) in dry_runs(world).items():
        told = await do(world.floor, name, "__typename", service(world.floor, scope, Scope.READ), **values)
        assert told["errors"] == [], name
        assert await refusal(world.floor, service(world.floor, scope), name, **values) == ["FORBIDDEN"], name


async def test_a_decomposition_tells_the_cells_that_it_changed(database: Database) -> None:
    """Acme's January is locked at 7. Of 127 the other months get 11, and December the last 10; why is not told."""
    world = await small_world(database)
    floor, plan, unit = world.floor, world["empty plan"], world.unit("acme")
    cell = {"orgUnitId": unit, "month": "2031-01", "target": "7"}
    await world.call("setTargetCells", "plan { id }", planId=plan, cells=[cell])
    await world.call("lockTargetCells", "plan { id }", planId=plan, orgUnitIds=[unit], period="2031-01")
    writes = service(floor, Scope.TARGETS)
    asked = {"planId": plan, "orgUnitId": unit, "target": "127"}
    told = await do(floor, "decomposeTarget", DECOMPOSE, writes, **asked)
    assert (told["errors"], told["stored"]) == ([], True)
    acme, *below = told["units"]
    assert acme == {"name": "Acme", "target": [None, *["11"] * 10, "10"], "yearTarget": "120", "explanation": None}
    assert {one["explanation"] is None for one in below} == {True}
    (whole, *_) = (await do(floor, "decomposeTarget", DECOMPOSE, **asked))["units"]
    assert (whole["target"][0], whole["yearTarget"], whole["explanation"] is None) == ("7", "127", False)
    # The same again changes nothing, and its own cells, which it splits then, are not told.
    again = await do(floor, "decomposeTarget", DECOMPOSE, writes, planId=plan, orgUnitId=unit)
    assert again["units"][0]["target"] == [None] * 12


async def test_a_refusal_tells_no_figures(database: Database) -> None:
    """7 are locked, and 5 are less: an admin is told so, a service that may not read only what is in the way."""
    world = await small_world(database)
    floor, plan, unit = world.floor, world["empty plan"], world.unit("acme")
    cell = {"orgUnitId": unit, "month": "2031-01", "target": "7"}
    await world.call("setTargetCells", "plan { id }", planId=plan, cells=[cell])
    await world.call("lockTargetCells", "plan { id }", planId=plan, orgUnitIds=[unit], period="2031-01")
    asked = {"planId": plan, "orgUnitId": unit, "target": "5"}
    assert "7 is locked or pinned" in await message(floor, None, "decomposeTarget", **asked)
    told = await message(floor, service(floor, Scope.TARGETS), "decomposeTarget", **asked)
    assert (
        told
        == "this cannot be met with the cells and years that are locked or pinned; with graph:read you are told why"
    )


async def test_products_are_told_that_changed(database: Database) -> None:
    """Acme has 10 a month; of the product's plan 4 are locked in January, so that nothing of it is told there."""
    world = await small_world(database)
    floor, unit = world.floor, world.unit("acme")
    cell = {"orgUnitId": unit, "month": "2032-01", "target": "4"}
    await world.call("setTargetCells", "plan { id }", planId=world["product plan"], cells=[cell])
    await world.call("lockTargetCells", "", planId=world["product plan"], orgUnitIds=[unit], period="2032-01")
    parts = [{"planId": world["product plan"], "weight": "1"}]
    asked = {"planId": world["whole plan"], "orgUnitId": unit, "parts": parts}
    refused = await message(floor, service(floor, Scope.TARGETS), "decomposeAlongProducts", **asked)
    assert "4" not in refused
    await world.call(
        "lockTargetCells", "", planId=world["product plan"], orgUnitIds=[unit], period="2032-01", locked=False
    )
    cell["target"] = "10"
    await world.call("setTargetCells", "plan { id }", planId=world["product plan"], cells=[cell])
    told = await do(floor, "decomposeAlongProducts", "stored cells { target }", service(floor, Scope.TARGETS), **asked)
    assert told == {"stored": True, "cells": [{"target": [None, *["10"] * 11]}], "errors": []}


async def test_an_import_tells_what_it_stored(database: Database) -> None:
    """Acme's 10 of January 2032 become 9: what was there before is told to whoever may read."""
    world = await small_world(database)
    told = {}
    for scopes in ((Scope.TARGETS,), (Scope.TARGETS, Scope.READ)):
        sheet = f"unit,line,month 2032-0{len(scopes)}\nacme,target,9".encode()
        given = {"planId": world["whole plan"], "format": "CSV", "content": b64encode(sheet).decode(), "dryRun": False}
        fields = "stored changes { before after }"
        told[len(scopes)] = await do(world.floor, "importTargets", fields, service(world.floor, *scopes), **given)
    assert told == {
        1: {"stored": True, "changes": [{"before": None, "after": "9"}], "errors": []},
        2: {"stored": True, "changes": [{"before": "10", "after": "9"}], "errors": []},
    }


async def test_an_import_does_not_tell_what_was_changed_meanwhile(database: Database) -> None:
    """The stamp of the row says that January was 3. It is 10, and who may not read learns that it is another."""
    world = await small_world(database)
    number = split_id(world.unit("acme"))[1]
    stamp = f"v{number}:{'.'.join(digest(number, 0, _first_of(month), 3) for month in range(1, 13))}"
    sheet = f"unit,line,month 2032-01,stamp\nacme,target,9,{stamp}".encode()
    given = {"planId": world["whole plan"], "format": "CSV", "content": b64encode(sheet).decode(), "dryRun": False}
    end = "empty the cell to leave that, or export anew"
    for scopes, told in (
        ((Scope.TARGETS,), f"somebody changed it meanwhile: {end}"),
        ((Scope.TARGETS, Scope.READ), f"somebody changed it meanwhile, to 10: {end}"),
    ):
        assert await message(world.floor, service(world.floor, *scopes), "importTargets", **given) == told


def _first_of(month: int) -> date:
    return date(2032, month, 1)


async def test_what_is_left_of_an_entry_is_told_to_whoever_may_read(database: Database) -> None:
    """Ann's order is over 100; that 101 are more is all that a service learns that may only post."""
    world = await small_world(database)
    given = {"entryId": world["entry"], "amount": "101", "reason": "Wrong", "idempotencyKey": "back"}
    posts = service(world.floor, Scope.ACHIEVEMENTS)
    reads = service(world.floor, Scope.ACHIEVEMENTS, Scope.READ)
    assert await message(world.floor, posts, "reverseAchievement", **given) == "this is more than is left of the entry"
    assert "100.00 CNY that is left" in await message(world.floor, reads, "reverseAchievement", **given)


POOL = """name policies waitingCount heldCount records { totalCount nodes { name } }
    held: records(held: true) { totalCount nodes { name } } admins { name } members { orgUnit { name } }"""

RECORD = """name phone organization hiddenFields level { key } ownership {
    member { name } lastActivityOn outlook { recycledOn } history { reason } }"""


@pytest.fixture
async def sea(database: Database) -> Sea:
    """The sea: a customer waits in it, and Ann holds another one."""
    sea = await sea_for(database)
    _, held = await sea.customers(2)
    await sea.claim("ann", held)
    return sea


async def test_a_pool_is_told_without_what_is_in_it(sea: Sea) -> None:
    """A service that lays out pools is answered with the pool; what waits in it and who has what is for reading."""
    given = {"id": gid("Pool", sea.pool), "priority": 3}
    told = await do(sea.floor, "updatePool", f"pool {{ {POOL} }}", service(sea.floor, Scope.POOL), **given)
    empty = {"totalCount": 0, "nodes": []}
    assert told["pool"] == {
        "name": "Sea",
        "policies": None,
        "waitingCount": 0,
        "heldCount": None,
        "records": empty,
        "held": empty,
        "admins": [],
        "members": [],
    }
    both = service(sea.floor, Scope.POOL, Scope.READ)
    told = await do(sea.floor, "updatePool", f"pool {{ {POOL} }}", both, **given)
    counts = [told["pool"][name] for name in ("waitingCount", "heldCount")]
    assert (counts, told["pool"]["records"]["totalCount"], told["pool"]["held"]["totalCount"]) == ([1, 1], 1, 1)
    assert [one["name"] for one in told["pool"]["admins"]] == ["Wu"]


async def test_a_moved_record_is_told_without_what_is_noted_of_it(sea: Sea) -> None:
    """Where it went is what was changed; its number, its past and its future are not, nor a record that stays."""
    record, full = await sea.customers(2)

    async def call_them(transaction: Any) -> None:
        await transaction.execute("UPDATE customer SET phone = '123'")

    await sea.work.write(call_them)
    writes = service(sea.floor, Scope.POOL)
    fields = f"results {{ done record {{ {RECORD} }} }}"
    given = {"recordIds": [gid("Customer", record.id)], "memberId": gid("Member", sea.floor.members["bob"])}
    told = await do(sea.floor, "assignRecords", fields, writes, **given)
    ownership: dict[str, Any] = {"member": {"name": "Bob"}, "lastActivityOn": None, "outlook": None, "history": []}
    hidden = ["ORGANIZATION", "PHONE", "EMAIL", "DOMAIN", "NOTE", "AMOUNT", "SOURCE"]
    moved: dict[str, Any] = {
        "name": "Customer 0",
        "phone": None,
        "organization": None,
        "hiddenFields": hidden,
        "level": None,
    }
    assert told["results"] == [{"done": True, "record": {**moved, "ownership": ownership}}]
    again = await do(sea.floor, "assignRecords", fields, writes, **given)
    assert again["results"] == [{"done": False, "record": None}]
    both = service(sea.floor, Scope.POOL, Scope.READ)
    given["recordIds"] = [gid("Customer", full.id)]
    (seen,) = (await do(sea.floor, "assignRecords", fields, both, **given))["results"]
    assert (seen["record"]["phone"], len(seen["record"]["ownership"]["history"])) == ("123", 3)


async def test_what_was_done_for_a_record_is_not_told_with_it(sea: Sea) -> None:
    """Bob calls his customer, who would go back in July: a service that leaves him to the rules learns neither."""
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 30}}}, "idle")
    (record,) = await sea.customers(1)
    await sea.claim("bob", record)
    await sea.call("bob", record)
    told = []
    for scopes in ((Scope.POOL,), (Scope.POOL, Scope.READ)):
        (result,) = (
            await do(
                sea.floor,
                "exemptRecords",
                "results { record { ownership { lastActivityOn outlook { paused } history { movement } } } }",
                service(sea.floor, *scopes),
                recordIds=[gid("Customer", record.id)],
                exempt=False,
            )
        )["results"]
        told.append(result["record"]["ownership"])
    assert told[0] == {"lastActivityOn": None, "outlook": None, "history": []}
    assert told[1]["lastActivityOn"] == "2026-06-01"
    assert (told[1]["outlook"], len(told[1]["history"])) == ({"paused": False}, 3)


async def test_a_hand_out_tells_what_went_where(sea: Sea) -> None:
    """Who may not read is told which records went, and not what the policies said of all candidates."""
    await do(sea.floor, "switchPolicy", "policy { key }", policy="assignment.round_robin", active=True)
    (gone,) = await sea.customers(1)
    fields = "results { recordId record { name } refusal { code } } explanations { policy }"
    given = {"poolId": gid("Pool", sea.pool), "recordIds": [gid("Customer", gone.id)]}
    told = await do(sea.floor, "handOutRecords", fields, service(sea.floor, Scope.POOL), **given)
    record = {"recordId": gid("Customer", gone.id), "record": {"name": "Customer 0"}, "refusal": None}
    assert told == {"results": [record], "explanations": [], "errors": []}
    again = await do(sea.floor, "handOutRecords", fields, service(sea.floor, Scope.POOL), **given)
    assert again["results"] == [{**record, "record": None, "refusal": {"code": "NOT_WAITING"}}]
    given["recordIds"] = [gid("Customer", (await sea.customers(1))[0].id)]
    both = service(sea.floor, Scope.POOL, Scope.READ)
    seen = await do(sea.floor, "handOutRecords", fields, both, **given)
    assert [one["policy"] for one in seen["explanations"]] == ["assignment.round_robin"]


async def test_a_hand_out_is_told_without_the_sentence_of_the_policy(sea: Sea) -> None:
    """It may be made of whatever the policy was told of all candidates."""
    await do(sea.floor, "switchPolicy", "policy { key }", policy="assignment.round_robin", active=True)
    reasons = []
    for scopes in ((Scope.POOL,), (Scope.POOL, Scope.READ)):
        (record,) = await sea.customers(1)
        given = {"poolId": gid("Pool", sea.pool), "recordIds": [gid("Customer", record.id)]}
        told = await do(sea.floor, "handOutRecords", "results { reason }", service(sea.floor, *scopes), **given)
        reasons += told["results"]
    assert reasons == [{"reason": None}, {"reason": "It was your turn."}]


REFUSAL = "results { refusal { code message used limit possibleOn } }"


async def test_a_rule_refuses_without_what_it_counted(sea: Sea) -> None:
    """Ann holds one of one already: that she does is for reading, that there is a cap is not."""
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1}, "cap")
    (record,) = await sea.customers(1)
    given = {"recordIds": [gid("Customer", record.id)], "memberId": gid("Member", sea.floor.members["ann"])}
    told = []
    for scopes in ((Scope.POOL,), (Scope.POOL, Scope.READ)):
        answer = await do(sea.floor, "assignRecords", REFUSAL, service(sea.floor, *scopes), **given)
        told += [one["refusal"] for one in answer["results"]]
    assert told == [
        {"code": "HOLDING_CAP", "message": UNTOLD, "used": None, "limit": None, "possibleOn": None},
        {
            "code": "HOLDING_CAP",
            "message": "Cap (cap): 1 of 1 are held already; give one back first",
            "used": 1,
            "limit": 1,
            "possibleOn": None,
        },
    ]


UNTOLD = "what is stored does not allow this; with graph:read you are told why"


async def test_errors_name_nobody(sea: Sea) -> None:
    """By wrong versions, days or holders a service could read the whole organization, name by name."""
    floor = sea.floor
    ann, seat, east = (
        gid("Member", floor.members["ann"]),
        gid("OrgUnit", floor.units["ann"]),
        gid("OrgUnit", floor.units["east"]),
    )
    writes, reads = service(floor, Scope.ORGANIZATION), service(floor, Scope.ORGANIZATION, Scope.READ)
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("updateMember", {"id": ann, "email": "ann@acme.com", "expectedVersion": 9}, "Ann was changed"),
        ("renameOrgUnit", {"id": east, "name": "Orient", "expectedVersion": 9}, "East was changed"),
        ("appointHolder", {"positionId": seat, "memberId": ann}, "Ann holds Ann without"),
        ("closeOrgUnit", {"id": east, "on": "2026-07-01"}, "Ann, Bob, Eve would still lie under it"),
        ("memberReturns", {"id": ann}, "Ann has not left"),
    ]
    for name, values, words in asked:
        assert await message(floor, writes, name, **values) == UNTOLD, name
        assert words in await message(floor, reads, name, **values), name
    closing = {"id": gid("Pool", sea.pool)}
    assert await message(floor, service(floor, Scope.POOL), "closePool", **closing) == UNTOLD
    assert "1 records wait" in await message(floor, None, "closePool", **closing)
    assert "a name" in await message(floor, writes, "renameOrgUnit", id=east, name=" ")
