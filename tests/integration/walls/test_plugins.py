"""Fields that trusted plugins add to the graph, asked for by everybody whom it does not concern: no wall has a gap.

The operations are made from the schema with the plugins, as those of the product are from its own. One of the plugins
tells all that its reader lets it have, so that whatever a plugin could tell is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.limits import Limits
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import shown
from quotaloom_graphql.nodes import encode_id
from quotaloom_graphql.plugin_graphs import extensions_of
from quotaloom_graphql.schema import build_schema
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls import prying
from tests.integration.walls.asking import ALL, Answer, Asking, canaries, reached, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, hidden_rows, rows_of
from tests.integration.walls.operations import Operation
from tests.integration.walls.plugged import (
    FIRST_NOTED,
    NUMBERS,
    added_fields,
    is_direct,
    plug_in,
    plugged,
    plugged_operations,
    switch,
    with_numbers,
)
from tests.integration.walls.sending import insider, without
from tests.integration.walls.test_reading import TABLES, THOROUGH, all_ids, ids_of

ROOTS: Final = ("acmeRules", "pry")
"""Under which the root fields of each plugin are found."""

EVERY: Final = [pytest.param(24), pytest.param(1, marks=pytest.mark.soak)]
"""Of operations that lead far behind the fields of plugins, one in so many is asked."""


@pytest.fixture
async def plugin_asking(asking: Asking, admin: asyncpg.Connection[Any]) -> Asking:
    """The three companies in a process that has the plugins, which all of them have switched on."""
    found = await plug_in(asking, admin)
    walls = found.walls
    await switch(found, (walls.planted_id, walls.twin_id, walls.stranger_id), active=True)
    return found


def chosen(every: int, begin: int = 0) -> Iterator[Operation]:
    """All that ask for the fields themselves, and of the others one in so many."""
    operations = plugged_operations()
    yield from (one for one in operations if is_direct(one))
    yield from [one for one in operations if not is_direct(one)][begin % every :: every]


async def told(asking: Asking, who: Identity | None, operation: Operation, ids: Mapping[str, str]) -> Answer:
    """The answer to an operation of these objects."""
    return await asking.ask(who, with_numbers(operation, ids), operation.variables(ids))


def of_plugins(data: Any) -> set[tuple[str, str]]:
    """The fields of plugins that are answered with something."""
    return reached(data) & added_fields()


def everybody_inside(asking: Asking) -> dict[str, Identity]:
    """The planted company's admin, head and member, and a service that may read."""
    walls = asking.walls
    return {
        "boss": Identity(walls.planted_id, "boss", Role.ADMIN),
        "hal": insider(walls, "hal"),
        "ann": insider(walls, "ann"),
        "crm": Identity(walls.planted_id, "crm", Role.SERVICE, scopes=ALL),
    }


async def test_each_field_of_a_plugin_is_reached(plugin_asking: Asking) -> None:
    """So there is something to be hidden: each answers with something, and canaries are among it, texts of attributes
    and amounts; the reader's every method is asked."""
    ids, several = ids_of(plugin_asking.walls), await all_ids(plugin_asking)
    found, seen = set[tuple[str, str]](), set[str]()
    inside = everybody_inside(plugin_asking)
    for who in (inside["boss"], inside["ann"]):
        for operation in filter(is_direct, plugged_operations()):
            begins = operation.begins_with or ""
            for id in dict.fromkeys([ids.get(begins, ""), *several.get(begins, [])[-1:]]):
                answer = await told(plugin_asking, who, operation, {**ids, begins: id})
                found |= of_plugins(answer.data)
                seen |= canaries(answer)
    assert found == {one for one in added_fields() if one[0] != "Query"}
    noted = {f"canary-{number:06}" for number in plugin_asking.walls.texts if FIRST_NOTED < number < 900_000}
    assert noted <= seen
    assert len([one for one in seen if one.isdigit()]) > 20
    assert {"units", "members", "customers", "deals", "unit_lines", "member_lines"} <= set(prying.CALLS)


@pytest.mark.parametrize("every", EVERY)
async def test_nobody_else_is_told_by_a_plugin(plugin_asking: Asking, every: int) -> None:
    """Neither those of other companies, who have the plugin too, nor whoever has no token or no scope.

    Two of them ask for everything, the others for one in three, each for others.
    """
    ids, seen = ids_of(plugin_asking.walls), []
    for number, (name, who) in enumerate(strangers(plugin_asking.walls).items()):
        asked = list(chosen(every, number))
        for operation in asked if every == 1 or name in THOROUGH else asked[number % 3 :: 3]:
            answer = await told(plugin_asking, who, operation, ids)
            seen += [(name, operation.name, one) for one in sorted(canaries(answer))]
            if who is None:
                assert {error["extensions"]["code"] for error in answer.errors} == {"UNAUTHENTICATED"}
            if name in ("a service without scopes", "an operator", "nobody"):
                assert of_plugins(answer.data) == set()
    assert seen == []


@pytest.mark.parametrize("every", EVERY)
async def test_a_foreign_number_answers_a_plugin_like_one_of_nothing(plugin_asking: Asking, every: int) -> None:
    """By ids of the graph and by numbers that the plugin itself is given: the same words, after as many statements."""
    everybody, unlike = strangers(plugin_asking.walls), []
    foreign = ids_of(plugin_asking.walls)
    nowhere = {name: encode_id(name, NOTHING) for name in foreign}
    for name in ("the stranger's admin", "the stranger's head", "a service of the stranger"):
        unlike += [
            (name, operation.name)
            for operation in chosen(every)
            if not await alike(plugin_asking, everybody[name], operation, foreign, nowhere)
        ]
    assert unlike == []


async def test_a_number_out_of_sight_answers_a_plugin_like_one_of_nothing(
    plugin_asking: Asking, admin: asyncpg.Connection[Any]
) -> None:
    """The same within the company: Ann, Hal and Wu, of what is another's."""
    walls, base, unlike = plugin_asking.walls, ids_of(plugin_asking.walls), []
    rows = await rows_of(admin, walls)
    for one in INSIDERS:
        for type_name in NUMBERS.values():
            hidden = hidden_rows(one, walls, rows, TABLES[type_name])
            for operation in chosen(len(plugged_operations())):
                asks = type_name in operation.ids or f"%{type_name}%" in operation.text
                other = {**base, type_name: encode_id(type_name, hidden[-1])}
                nowhere = {**base, type_name: encode_id(type_name, NOTHING)}
                if asks and not await alike(plugin_asking, insider(walls, one.name), operation, other, nowhere):
                    unlike.append((one.name, operation.name, type_name))
    assert unlike == []


async def alike(
    asking: Asking, who: Identity | None, operation: Operation, some: Mapping[str, str], others: Mapping[str, str]
) -> bool:
    """Whether an operation is answered alike, once all is read that a process reads of a company only once."""
    for _ in range(3):
        answers = [without_ids(await told(asking, who, operation, ids), ids) for ids in (some, others)]
        if answers[0] == answers[1]:
            return True
    return False


def without_ids(answer: Answer, ids: Mapping[str, str]) -> tuple[str, int]:
    """The answer in which the ids are not told, and how many statements it took."""
    for error in answer.errors:
        error.pop("locations", None)  # the numbers in a document are not of the same length
    text = answer.text
    for id in ids.values():
        text = without(text, [id])
    return text, answer.statements


@pytest.mark.parametrize("every", EVERY)
async def test_a_plugin_tells_nobody_what_is_another_s(
    plugin_asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """Ann is told nothing of Bob's or the West's; Hal, who heads the East, nothing of the West's, nor Wu of the East's.

    Each asks by ids that are the West's, where there are any, and by every number that there is.
    """
    walls, base, several = plugin_asking.walls, ids_of(plugin_asking.walls), await all_ids(plugin_asking)
    rows, seen = await rows_of(admin, walls), list[tuple[str, str, object]]()
    for insider_ in INSIDERS:
        hidden = hidden_from(insider_, walls, rows)
        out_of_sight = {
            (to, str(number))
            for to, table in (("unit", "org_unit"), ("member", "member"), ("opportunity", "opportunity"))
            for number in hidden_rows(insider_, walls, rows, table)
        }
        who = insider(walls, insider_.name)
        for operation in chosen(every):
            begins = operation.begins_with or ""
            for id in dict.fromkeys((base.get(begins, ""), *several.get(begins, [])[-1:])):
                ids = {**base, **{name: several[name][-1] for name in NUMBERS.values()}, begins: id}
                answer = await told(plugin_asking, who, operation, ids)
                seen += [(insider_.name, operation.name, hidden[one]) for one in canaries(answer) if one in hidden]
                named = set(references(answer.data)) & out_of_sight
                seen += [(insider_.name, operation.name, one) for one in sorted(named)]
    assert seen == []


def references(value: Any) -> Iterator[tuple[str, str]]:
    """What the attributes of objects name that a plugin was told of."""
    if isinstance(value, Mapping):
        if value.keys() == {"to", "id"}:
            yield value["to"], value["id"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, str) and value.startswith("{"):
        yield from references(json.loads(value))


async def test_a_plugin_that_is_off_is_not_asked(asking: Asking, admin: asyncpg.Connection[Any]) -> None:
    """Only the twin has it on: in the planted company all fields are null for everybody, and none is read."""
    found = await plug_in(asking, admin)
    await switch(found, [found.walls.twin_id], active=True)
    ids = ids_of(found.walls)
    prying.CALLS.clear()
    for who in everybody_inside(found).values():
        for operation in chosen(len(plugged_operations())):
            answer = await told(found, who, operation, ids)
            assert of_plugins(answer.data) == set()
            assert [answer.data.get(name) for name in ROOTS] == [None, None]
            assert [one for one in answer.errors if "plugin" in one["extensions"]] == []
    assert prying.CALLS == []
    pry = next(one for one in plugged_operations() if one.name == "pry")
    await told(found, strangers(found.walls)["the twin's admin"], pry, ids)
    assert prying.CALLS != []


LIMITED: Final = """{ company { root { children { name %s } } } }"""
LINE: Final = 'pryLine(metric: "revenue", since: "2026-01-01", until: "2027-01-01")'


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        (LIMITED % "", 2_023),
        (LIMITED % "pryTold", 3_033),
        (LIMITED % f"{LINE} {{ achieved told }}", 3_053),
        ("{ pry { swept(lastNumber: 3) } }", 2_002),
    ],
)
async def test_a_field_of_a_plugin_costs_as_any_other(plugin_asking: Asking, text: str, cost: int) -> None:
    """A company, a root and ten children (1 + 1 + 1 + 10 × (1 + 1)) and their names; a text costs 10 more, a line with
    two of its values 30. What is read besides, the root, the children and each field of the plugin, costs 1,000."""
    who = Identity(plugin_asking.walls.planted_id, "boss", Role.ADMIN)
    async with RequestContext(plugin_asking.services, who) as context:
        result = await plugged().schema.execute(text, context_value=context)
    assert result.errors is None
    assert (result.extensions or {})["cost"] == cost


REFUSED: Final[Mapping[str, tuple[dict[str, int], str]]] = {
    "TOO_COSTLY": ({"operation_cost": 50}, LIMITED % f"{LINE} {{ achieved told }}"),
    "TOO_DEEP": ({"document_depth": 4}, LIMITED % f"{LINE} {{ achieved }}"),
    "TOO_BROAD": (
        {"document_breadth": 5},
        LIMITED % f"{LINE} {{ achieved target assessment stretch told __typename }}",
    ),
    "TOO_MANY_ALIASES": (
        {"document_aliases": 2},
        "{ pry { a: swept(lastNumber: 1) b: swept(lastNumber: 2) c: swept(lastNumber: 3) } }",
    ),
    "TOO_MANY_FIELDS": ({"document_fields": 10}, LIMITED % " ".join(f"{LINE} {{ achieved target }}" for _ in range(4))),
}
"""By code: the limits of a server, and what goes beyond one of them by fields of a plugin alone."""


@pytest.mark.parametrize("code", REFUSED)
async def test_fields_of_plugins_keep_to_the_limits(plugin_asking: Asking, code: str) -> None:
    """Nothing is read of what goes beyond one; without the limit it is answered."""
    limits, text = REFUSED[code]
    who = Identity(plugin_asking.walls.planted_id, "boss", Role.ADMIN)
    strict = build_schema(limits=Limits(**limits), plugins=extensions_of(plugged().host.discovery))
    prying.CALLS.clear()
    async with RequestContext(plugin_asking.services, who) as context:
        refused = await strict.execute(text, context_value=context)
    assert [(shown(error).extensions or {})["code"] for error in refused.errors or ()] == [code]
    assert prying.CALLS == []
    answer = await plugin_asking.ask(who, text, {})
    assert answer.errors == []
    assert prying.CALLS != []
