"""Every mutation within the planted company, sent by those who may do little and see less."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.integration.walls.asking import Asking, canaries
from tests.integration.walls.belonging import INSIDERS, hidden_from, hidden_rows, rows_of, written
from tests.integration.walls.fingerprints import Watch, counted
from tests.integration.walls.pairs import ComparingPairs, pairs
from tests.integration.walls.sending import CHANGES, Comparing, insider, make, namings, refused
from tests.integration.walls.test_reading import TABLES

WRITTEN: Final[dict[Scope, set[str]]] = {
    Scope.ORGANIZATION: {"member", "org_unit"},
    Scope.TARGETS: {"objective", "org_unit", "metric", "plan", "target_cell", "worksheet", "a sum"},
    Scope.ACHIEVEMENTS: set(),
    Scope.FUNNELS: {"customer", "funnel", "lead"},
    Scope.POOL: {"customer", "member", "pool", "pool_rule"},
    Scope.INCENTIVES: set(),
    Scope.SETTINGS: {
        *("attribute_definition", "company", "customer_level", "metric", "product", "review_cycle", "score"),
    },
}
"""Of which tables a service that may not read is told: of what it names and changes."""


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.soak)])
async def test_members_are_told_nothing_of_others(asking: Asking, admin: asyncpg.Connection[Any], every: int) -> None:
    """Ann, who sells in the East, Hal, who heads it, and Wu, who heads the West; what is refused changes nothing.

    Each sends one in so many mutations, each others.
    """
    walls, watch = asking.walls, Watch(admin)
    told: list[tuple[str, str, object]] = []
    done = set()
    for number, one in enumerate(INSIDERS):
        hidden = hidden_from(one, walls, await rows_of(admin, walls))
        for change in CHANGES[number % every :: every]:
            await watch.begin()
            answer = await make(asking, insider(walls, one.name), change)
            told += [(one.name, change.name, hidden[text]) for text in canaries(answer) if text in hidden]
            if not refused(change, answer):
                done.add((one.name, change.name))
            elif changed := await watch.changed():
                told.append((one.name, change.name, str(changed)))
    assert told == []
    assert {name for name, _ in done} == {one.name for one in INSIDERS}


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
async def test_services_are_told_of_what_they_write_alone(
    asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """With each scope but for reading: what is refused changes nothing, and what is told is of what the scope writes.

    Each sends one in so many mutations.
    """
    walls, wrong, watch, places = asking.walls, [], Watch(admin), written(asking.walls)
    for number, (scope, tables) in enumerate(WRITTEN.items()):
        who = Identity(walls.planted_id, "crm", Role.SERVICE, scopes=frozenset({scope.value}))
        for change in CHANGES[number % every :: every]:
            await watch.begin()
            answer = await make(asking, who, change)
            told = {places[one].table if one in places else "a sum" for one in canaries(answer)}
            wrong += [(scope, change.name, table) for table in told - tables]
            if refused(change, answer) and (changed := await watch.changed()):
                wrong.append((scope, change.name, str(changed)))
    assert wrong == []


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
async def test_an_id_out_of_sight_is_refused_like_one_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """In each place of each input, for Ann, Hal and Wu: the same words, after as many statements.

    Also where an amount is none: what is wrong with it is told only of what is seen.
    """
    walls, found = asking.walls, []
    rows = await rows_of(admin, walls)
    with counted(monkeypatch) as statements:
        comparing = Comparing(asking, Watch(admin), statements)
        for number, one in enumerate(INSIDERS):
            secrets = hidden_from(one, walls, rows)
            for naming in namings(walls)[number % every :: every]:
                hidden = hidden_rows(one, walls, rows, TABLES.get(naming.type_name, ""))
                for asked in (naming, naming.spoiled()) if hidden else ():
                    id = encode_id(naming.type_name, hidden[-1])
                    who = insider(walls, one.name)
                    wrong = [] if asked is None else await comparing.wrong(who, asked, id, secrets)
                    if wrong:
                        found.append((one.name, naming.change.name, naming.place, wrong))
    assert found == []


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
async def test_two_ids_out_of_sight_are_refused_like_two_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """In every two places of each input: both hidden, one of them, neither, whatever they have to do with each other.

    Nor does it tell anything where the other one is left out. Ann, Hal and Wu try all of members with units, and of the
    others one in so many, each others.
    """
    walls, found = asking.walls, []
    with counted(monkeypatch) as statements:
        comparing = ComparingPairs(Comparing(asking, Watch(admin), statements), await rows_of(admin, walls))
        for number, one in enumerate(INSIDERS):
            for place, pair in enumerate(pairs(walls)):
                if pair.types != {"Member", "OrgUnit"} and place % every != number % every:
                    continue
                found += [(one.name, pair.name, wrong) for wrong in await comparing.wrong(one, pair)]
    assert found == []
    assert len(comparing.tried) > 200 / every


async def test_an_id_may_have_the_number_of_something_else(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann's first activity has her own number, and Wu, who may not plan for her, is told that there is no such member.

    So he is told of an activity that is none: the number says nothing of the activity.
    """
    walls = asking.walls
    (naming,) = (
        one for one in namings(walls) if one.change.name == "createActionPlan" and one.place[-1] == "activityId"
    )
    number = walls.world.floor.members["ann"]
    hers = "SELECT EXISTS (SELECT FROM activity WHERE company_id = $1 AND id = $2 AND member_id = $2)"
    assert await admin.fetchval(hers, walls.planted_id, number)
    with counted(monkeypatch) as statements:
        comparing = Comparing(asking, Watch(admin), statements)
        assert await comparing.wrong(insider(walls, "wu"), naming, encode_id("Activity", number)) == []


async def test_a_key_out_of_sight_is_refused_like_one_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any]
) -> None:
    """A customer's parent is named by its key: Ann may not tell one of the West's from one that there is not."""
    walls = asking.walls
    ann = next(one for one in INSIDERS if one.name == "ann")
    rows = await rows_of(admin, walls)
    hidden = rows["customer"][hidden_rows(ann, walls, rows, "customer")[-1]]["key"]
    for change in CHANGES:
        if change.name in ("createCustomer", "updateCustomer"):
            told = []
            for key in ("nothing", hidden):
                given = {**change.input(walls.world), "parentKey": key}
                answer = await make(asking, insider(walls, "ann"), change, given)
                assert refused(change, answer)
                told.append(answer.text.replace(key, "it"))
            assert told[0] == told[1]
