"""Keys that come again when whoever sent them may do it no more: he is told what he is told without a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import get_named_type

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import end_headship, end_holding
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import split_id
from tests.acceptance.api_company import api_company
from tests.integration.funnels.floors import TODAY, Floor
from tests.integration.graph.asking import answers, ask_once, gid
from tests.integration.graph.test_every_mutation import MUTATIONS, as_whom, written
from tests.integration.graph.test_idempotency_keys import TRIALS, selection
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World, small_world


@dataclass
class Told:
    """What came of one mutation: the codes of its errors, or what it showed."""

    payload: dict[str, Any] | None
    codes: list[str]

    @property
    def refused(self) -> bool:
        """Whether it was refused for what he may or sees, and showed nothing."""
        right = [code for code in self.codes if code == "FORBIDDEN" or code.startswith(("NOT_FOUND", "UNKNOWN_"))]
        return bool(right) and not self.shown

    @property
    def shown(self) -> dict[str, Any]:
        """What the payload tells besides its errors."""
        payload = self.payload or {}
        return {name: value for name, value in payload.items() if name not in {"__typename", "errors"} and value}


async def send(floor: Floor, name: str, sent: dict[str, Any], who: Identity | str | None, key: str | None) -> Told:
    """One mutation, with all that its payload can show."""
    kind, fields = MUTATIONS[name].args["input"].type, selection(get_named_type(MUTATIONS[name].type))
    query = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {fields} }} }}"
    data, codes = await answers(floor, key, query, who, input=sent)
    payload = None if data is None else data[name]
    return Told(payload, codes + [error["code"] for error in (payload or {}).get("errors", ())])


@dataclass
class Loser:
    """Somebody who may do much, and then less: what he did, each with a key of its own."""

    world: World
    before: Identity
    after: Identity
    lose: Callable[[], Awaitable[None]]
    did: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def do_all(self) -> None:
        """Do whatever he may, and have the rest done by who may, in the order in which they follow each other."""
        floor = self.world.floor
        for name, values in VALID.items():
            sent, usual = values(self.world), as_whom(name)
            is_his = usual in (None, self.before.subject)
            told = await send(floor, name, sent, self.before, f"key of {name}") if is_his else None
            if told is not None and told.codes == []:
                self.did[name] = sent
            else:
                done = await send(floor, name, sent, usual, None)
                assert done.codes == [], (name, done.codes)

    async def again(self, name: str, key: str | None) -> Told:
        """The same again, by who he is now."""
        return await send(self.world.floor, name, self.did[name], self.after, key)


async def demoted(world: World) -> Loser:
    """An admin who becomes a member of no position."""
    company_id = world.floor.work.company.id
    boss, _ = [await create_member(world.floor.work, NewMember(name, role="admin")) for name in ("Boss", "Other")]

    async def lose() -> None:
        await world.call("updateMember", "errors { code }", id=gid("Member", boss), role="MEMBER")

    as_admin = Identity(company_id, "boss", Role.ADMIN, boss)
    return Loser(world, as_admin, Identity(company_id, "boss", Role.MEMBER, boss), lose)


async def service(world: World) -> Loser:
    """A service, and another of the same name, whose token names no scope but that of reading."""
    company_id = world.floor.work.company.id

    async def lose() -> None:
        pass

    every = frozenset(scope.value for scope in Scope)
    before = Identity(company_id, "crm", Role.SERVICE, None, every)
    return Loser(world, before, Identity(company_id, "crm", Role.SERVICE, None, frozenset({Scope.READ.value})), lose)


def out_of_office(name: str) -> Callable[[World], Awaitable[Loser]]:
    """A member whose positions and headships end."""

    async def loser(world: World) -> Loser:
        floor = world.floor
        identity = Identity(floor.work.company.id, name, Role.MEMBER, floor.members[name])

        async def lose() -> None:
            for table, end in (("holding", end_holding), ("headship", end_headship)):
                for row in await floor.rows(
                    f"SELECT id FROM {table} WHERE member_id = $1 AND daterange(valid_from, valid_to) @> $2::date",
                    *(floor.members[name], TODAY),
                ):
                    await end(floor.work, row["id"], TODAY)

        return Loser(world, identity, identity, lose)

    return loser


LOSERS: Final = {"demoted": demoted, "service": service, "head": out_of_office("hal"), "seller": out_of_office("ann")}

MAY_DO_NOTHING: Final = {"demoted", "service"}
"""What was granted to them by role or scope they may do no more at all."""


@pytest.mark.parametrize("kind", list(LOSERS))
async def test_what_is_refused_without_a_key_is_refused_with_it(
    database: Database, kind: str, record_property: Callable[[str, object], None]
) -> None:
    """Every mutation that an admin, a service, a head or a seller did under a key is sent again once he has lost what
    his rights hung on: where it is refused without the key, it is with it, in the same words, and leaves nothing."""
    world = await small_world(database)
    loser = await LOSERS[kind](world)
    await loser.do_all()
    await loser.lose()
    refused = set()
    for name in loser.did:
        before = await written(database, world.floor.work.company.id)
        again = await loser.again(name, f"key of {name}")
        assert await written(database, world.floor.work.company.id) == before, name
        plain = await loser.again(name, None)
        if plain.refused:
            refused.add(name)
            assert again.refused, f"{name} answers {again.shown}"
            assert again.codes == plain.codes, name
    record_property("mutations", len(loser.did))
    record_property("refused", len(refused))
    if kind in MAY_DO_NOTHING:
        assert refused >= set(loser.did) - TRIALS
        assert len(refused) > 100
    else:
        assert len(refused) > 10


async def test_every_mutation_is_done_by_somebody_who_loses_the_right(database: Database) -> None:
    """What the demoted admin and the service cannot do is what an operator does, or a member for himself."""
    world = await small_world(database)
    loser = await demoted(world)
    await loser.do_all()
    for_oneself = {name for name in VALID if as_whom(name) is not None}
    assert set(VALID) - set(loser.did) == for_oneself


KEY: Final = "once"

SHEET = """mutation ($plan: ID!, $unit: ID!) { setWorksheet(input: { planId: $plan, orgUnitId: $unit, people: "Two" }) {
    worksheet { people version } errors { code } } }"""


async def test_a_worksheet_is_shown_to_whoever_sees_it_today(database: Database) -> None:
    """Ann filled hers; then her holding ends, and somebody else fills it: she is told that there is no such unit."""
    world = await small_world(database)
    named = {"plan": world["published"], "unit": world.unit("ann")}
    first = {"setWorksheet": {"worksheet": {"people": "Two", "version": 1}, "errors": []}}
    assert await ask_once(world.floor, KEY, SHEET, "ann", **named) == (first, [])
    await world.call("endHolding", "", id=world["holding"], on="2026-06-01")
    others = {"planId": named["plan"], "orgUnitId": named["unit"], "people": "Secret"}
    await world.call("setWorksheet", "", **others)
    refused = {"setWorksheet": {"worksheet": None, "errors": [{"code": "NOT_FOUND"}]}}
    assert await ask_once(world.floor, KEY, SHEET, "ann", **named) == (refused, [])
    assert await answers(world.floor, None, SHEET, "ann", **named) == (refused, [])


SPLIT = """mutation ($plan: ID!, $unit: ID!) {
    decomposeTarget(input: { planId: $plan, orgUnitId: $unit }) {
        months units { name target } errors { code } } }"""


async def matrix_of(world: World, plan: str) -> list[str] | None:
    """The units whose targets Hal's decomposition of East shows him, sent with the same key each time."""
    data, codes = await ask_once(world.floor, KEY, SPLIT, "hal", plan=plan, unit=world.unit("east"))
    assert codes == []
    assert data is not None
    assert data["decomposeTarget"]["errors"] == []
    units = data["decomposeTarget"]["units"]
    return None if units is None else [unit["name"] for unit in units]


async def test_a_matrix_is_shown_while_all_its_units_are_his_who_made_it(database: Database) -> None:
    """Hal splits East's target; when Eve's position goes to West, he is shown none of it."""
    world = await small_world(database)
    cells = [{"orgUnitId": world.unit("east"), "month": f"2026-{month:02}", "target": "9"} for month in range(1, 13)]
    await world.call("setTargetCells", "", planId=world["draft"], cells=cells)
    assert await matrix_of(world, world["draft"]) == ["East", "Ann", "Bob", "Eve"]
    assert await matrix_of(world, world["draft"]) == ["East", "Ann", "Bob", "Eve"]
    await world.call("moveOrgUnit", "", id=world.unit("eve"), parentId=world.unit("west"), on="2026-06-01")
    assert await matrix_of(world, world["draft"]) is None


async def test_whoever_looks_after_a_pool_no_more_is_not_told_how_it_was_handed_out(database: Database) -> None:
    """Hal hands out a record of the pool that he looks after, and is told nothing of it again once Wu does instead."""
    world = await small_world(database)
    given = VALID["handOutRecords"](world)
    first = await send(world.floor, "handOutRecords", given, "hal", KEY)
    assert (first.codes, len(first.shown["results"]), len(first.shown["explanations"])) == ([], 1, 1)
    assert await send(world.floor, "handOutRecords", given, "hal", KEY) == first
    await world.call("updatePool", "", id=world["pool"], adminIds=[world.member("wu")])
    again = await send(world.floor, "handOutRecords", given, "hal", KEY)
    assert (again.codes, again.shown) == (["FORBIDDEN"], {})


async def test_whoever_gives_something_away_is_answered_the_same_again(database: Database) -> None:
    """Ann puts a customer back into the pool, which is hers no more: that is no right that she lost since, and she is
    told that it was done. A position that she gets besides takes nothing from her either."""
    world = await small_world(database)
    claimed = VALID["claimRecords"](world)
    assert (await send(world.floor, "claimRecords", claimed, "ann", None)).codes == []
    given = {"recordIds": claimed["recordIds"], "reason": "They never answer"}
    first = await send(world.floor, "releaseRecords", given, "ann", KEY)
    assert (first.codes, [one["done"] for one in first.shown["results"]]) == ([], [True])
    assert await send(world.floor, "releaseRecords", given, "ann", KEY) == first
    await world.call("appointHolder", "", positionId=world.unit("empty"), memberId=world.member("ann"))
    assert await send(world.floor, "releaseRecords", given, "ann", KEY) == first
    assert [
        one["done"] for one in (await send(world.floor, "releaseRecords", given, "ann", None)).shown["results"]
    ] == [False]


MAKE_KEY = """mutation { createApiKey(input: { name: "Payroll", scopes: ["graph:read"] }) {
    apiKey { name key lastUsedAt } errors { code } } }"""

LINK = """mutation Link($member: ID!) {
    linkMember(input: { memberId: $member, subject: "zoe-1", issuer: "https://example.com" }) {
        memberLink { subject member { name } } errors { code } } }"""


async def test_a_demoted_admin_is_refused_in_the_audit_log(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """The key and the link that he made are not shown to him again, and the log holds that he wanted to see them."""
    async with api_company(database, database_url, tmp_path) as acme:
        await acme.members(["Zoe", "Bo"])
        bo = acme.graph.member(acme.company_id, split_id(acme.ids["Bo"])[1])
        await acme.graph.do("updateMember", "", id=acme.ids["Bo"], role="ADMIN")
        for query in (MAKE_KEY, LINK):
            bo.headers["idempotency-key"] = f"for {len(query)}"
            assert "errors" not in await bo.send(query, member=acme.ids["Zoe"])
        await acme.graph.do("updateMember", "", id=acme.ids["Bo"], role="MEMBER")
        for query in (MAKE_KEY, LINK):
            bo.headers["idempotency-key"] = f"for {len(query)}"
            answer = await bo.send(query, member=acme.ids["Zoe"])
            assert answer["data"] is None
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        log = '{ auditLog(actions: ["access.refused"]) { nodes { actor after } } }'
        refused = (await acme.graph.ask(log))["auditLog"]["nodes"]
        assert [entry["after"]["at"] for entry in refused] == ["linkMember", "createApiKey"]
