"""What is asked while a check is missing: all reads; all mutations, undone; all subscriptions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from graphql import get_named_type

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Transaction
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import original_of, shown
from quotaloom_graphql.nodes import split_id
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World
from tests.integration.walls.asking import Answer, Asking
from tests.integration.walls.leading_anywhere import leading_anywhere
from tests.integration.walls.planting import Walls
from tests.integration.walls.test_reading import OPERATIONS

DONE: Final = "DONE"
"""The code of a mutation that nobody refused."""


READ: Final = "read"
BEHIND: Final = "read behind"
"""The kind of questions that begin with an object that whoever asks need not see."""


class Undone(InputError):
    """A mutation came as far as its commit, and is rolled back."""

    def __init__(self) -> None:
        super().__init__(DONE, "it would have been done")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that somebody asks."""

    who: str
    kind: str
    text: str
    variables: Mapping[str, Any] = field(hash=False)


def people(walls: Walls) -> dict[str, Identity]:
    """Those of the planted company who may not do everything, and an operator."""
    members, company = walls.world.floor.members, walls.planted_id
    reading = frozenset({Scope.READ.value})
    return {
        **{name: Identity(company, name, Role.MEMBER, members[name]) for name in ("ann", "hal", "wu")},
        "a service that reads": Identity(company, "crm", Role.SERVICE, scopes=reading),
        "a service without scopes": Identity(company, "crm", Role.SERVICE),
        "an operator": Identity(0, "ops", Role.OPERATOR),
    }


def reads(who: str, ids: Mapping[str, str], several: Mapping[str, list[str]], *, every: bool = False) -> list[Question]:
    """Each operation of one of its own objects, and of the latest, which are those of the West, or of every one."""
    found: dict[str, Question] = {}
    for operation in OPERATIONS:
        begins = operation.begins_with or ""
        chosen = several.get(begins, [ids.get(begins, "")])
        for id in (ids.get(begins, ""), *(chosen if every else chosen[-1:])):
            variables = operation.variables({**ids, begins: id})
            found.setdefault(f"{operation.text} {variables}", Question(who, READ, operation.text, variables))
    return list(found.values())


def reads_behind(who: str, ids: Mapping[str, str], sides: Sequence[Mapping[str, str]]) -> list[Question]:
    """Each operation that begins with an object, of objects on all sides, whoever may see these themselves."""
    found: dict[str, Question] = {}
    for operation in OPERATIONS:
        begins = operation.begins_with or ""
        if "{ node(id:" in operation.text:
            for id in (ids.get(begins, ""), *(side[begins] for side in sides if begins in side)):
                variables = operation.variables({**ids, begins: id})
                found.setdefault(f"{operation.text} {variables}", Question(who, BEHIND, operation.text, variables))
    return list(found.values())


def mutations(
    who: str,
    walls: Walls,
    sides: Sequence[Mapping[str, str]] = (),
    valid: Mapping[str, Callable[[World], Mapping[str, Any]]] = VALID,
) -> list[Question]:
    """A call of each mutation that would not be refused if an admin sent it; and the same of what is on other sides."""
    schema = SCHEMA._schema
    assert schema.mutation_type is not None
    found: dict[str, Question] = {}
    for name, given_of in valid.items():
        answer = schema.mutation_type.fields[name]
        kind = get_named_type(answer.args["input"].type)
        payload = getattr(get_named_type(answer.type), "fields", ())
        each = " results { refusal { code } }" if "results" in payload else ""
        text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code path }}{each} }} }}"
        given = given_of(walls.world)
        for side in ({}, *sides):
            turned = _turned(given, side)
            found.setdefault(f"{text} {turned}", Question(who, "mutation", text, {"input": turned}))
    return list(found.values())


def sides_of(walls: Walls, several: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """Ids of each type: of what is Ann's, of what is the East's, and of what is the West's."""
    world = walls.world
    first, last = ({name: ids[place] for name, ids in several.items() if ids} for place in (0, -1))
    return [
        {**first, "OrgUnit": world.unit("ann"), "Member": world.member("ann")},
        {**first, "OrgUnit": world.unit("east"), "Member": world.member("hal")},
        {**last, "OrgUnit": world.unit("west"), "Member": world.member("cem")},
        {**last, "OrgUnit": world.unit("cem"), "Member": world.member("wu")},
    ]


def _turned(given: Any, side: Mapping[str, str]) -> Any:
    """The same with every id turned to the one that its type has on a side."""
    if isinstance(given, Mapping):
        return {name: _turned(one, side) for name, one in given.items()}
    if isinstance(given, list):
        return [_turned(one, side) for one in given]
    return side.get(_type_of(given), given) if isinstance(given, str) else given


def _type_of(text: str) -> str:
    """The type that an id names, or nothing where it is none."""
    try:
        return split_id(text)[0]
    except InputError:
        return ""


def subscriptions(who: str, walls: Walls) -> list[Question]:
    """Both subscriptions; to the attainment of his own, and of the West."""
    board = "subscription ($units: [ID!]!) { attainmentChanged(orgUnitIds: $units) { orgUnits { name } } }"
    units = [walls.world.unit(name) for name in ("ann", "west")]
    return [
        *(Question(who, "subscription", board, {"units": [unit]}) for unit in units),
        Question(who, "subscription", "subscription { notificationAdded { unread } }", {}),
    ]


@dataclass
class Asker:
    """Asks questions of one process, and keeps nothing of what mutations write."""

    asking: Asking
    people: Mapping[str, Identity]
    written: Callable[[], int] = lambda: 0
    """How many rows were written so far."""

    async def ask(self, question: Question) -> Answer:
        """The answer; raises `AssertionError` where something broke."""
        who = self.people[question.who]
        if question.kind == READ:
            return await self.asking.ask(who, question.text, question.variables)
        if question.kind == BEHIND:
            with leading_anywhere():
                return await self.asking.ask(who, question.text, question.variables)
        if question.kind == "subscription":
            return await self._first_message(who, question)
        written = self.written()
        answer = await self.asking.ask(who, question.text, question.variables)
        (payload,) = (answer.data or {"": None}).values()
        refused = {_code(one) for one in (*answer.errors, *(payload["errors"] if payload else ()))}
        results = (payload or {}).get("results") or ()
        refused |= {_code(one["refusal"]) for one in results if one["refusal"]}
        told = [{"code": one} for one in sorted(refused) if not one.startswith(DONE)]
        return Answer(None, told, written=self.written() - written)

    async def _first_message(self, who: Identity, question: Question) -> Answer:
        async with RequestContext(self.asking.services, who) as context:
            told: Any = await SCHEMA.subscribe(question.text, dict(question.variables), context_value=context)
            if not isinstance(told, AsyncGenerator):
                return _told(told)
            try:
                return _told(await anext(told))
            finally:
                await told.aclose()


def _told(result: Any) -> Answer:
    errors = [shown(error).formatted for error in result.errors or ()]
    for error, told in zip(result.errors or (), errors, strict=True):
        if told["extensions"]["code"] == "INTERNAL":
            raise AssertionError("a subscription failed") from original_of(error)
    return Answer(result.data, [dict(error) for error in errors])


def _code(error: Mapping[str, Any]) -> str:
    code = error.get("code") or error["extensions"]["code"]
    return f"{code} at {error.get('path')}"


@contextmanager
def nothing_written(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Roll back whatever is written while the block runs, and raise `Undone` to who wrote it."""
    write = Database.write

    async def undone(
        self: Database, company_id: int, writer: Any, work: Callable[[Transaction], Awaitable[Any]]
    ) -> Any:
        async def broken_off(transaction: Transaction) -> None:
            await work(transaction)
            raise Undone

        return await write(self, company_id, writer, broken_off)

    with patch.context() as patched:
        patched.setattr(Database, "write", undone)
        yield
