"""What is out of sight is not found out by asking for it: neither by its id, nor by its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls.asking import Answer, Asking
from tests.integration.walls.belonging import INSIDERS, hidden_from, hidden_rows, rows_of
from tests.integration.walls.more_operations import paired, probes
from tests.integration.walls.operations import Operation
from tests.integration.walls.pairs import Ids, groups, some_hidden
from tests.integration.walls.sending import insider, without
from tests.integration.walls.test_reading import FORMERLY, OPERATIONS, TABLES, ids_of


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
async def test_an_id_out_of_sight_answers_like_one_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """Wherever a query takes an id, Ann, Hal and Wu read the same of what is hidden, after as many statements.

    Each asks for one in so many fields, each for others; also of days on which what is theirs was below what is hidden.
    """
    walls, unlike = asking.walls, []
    rows = await rows_of(admin, walls)
    for number, one in enumerate(INSIDERS):
        for operation in (*OPERATIONS, *FORMERLY)[number % every :: every]:
            for type_name in operation.ids:
                hidden = hidden_rows(one, walls, rows, TABLES.get(type_name, ""))
                if hidden and not await _alike(asking, insider(walls, one.name), operation, type_name, hidden[-1]):
                    unlike.append((one.name, operation.name, type_name))
    assert unlike == []


async def _alike(asking: Asking, who: Identity, operation: Operation, type_name: str, hidden: int) -> bool:
    """Whether he is answered alike, once all is read that a process reads of a company only once."""
    base = operation.variables(ids_of(asking.walls))
    for _ in range(3):
        answers = []
        compared = (encode_id(type_name, NOTHING), encode_id(type_name, hidden))
        for id in compared:
            answer = await asking.ask(who, operation.text, {**base, type_name: id})
            answers.append((without(answer.text, compared), answer.statements))
        if answers[0] == answers[1]:
            return True
    return False


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.soak)])
async def test_two_ids_out_of_sight_answer_like_two_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """Whatever two things have to do with each other, Ann, Hal and Wu read the same of both, of one and of neither.

    Each asks for one in so many pairs, each for others.
    """
    walls, unlike, asked = asking.walls, [], 0
    rows, ids = await rows_of(admin, walls), ids_of(walls)
    for number, one in enumerate(INSIDERS):
        for types, operation in list(paired(SCHEMA._schema))[number % every :: every]:
            first, second = (some_hidden(one, walls, rows, name) for name in types)
            for group in groups(types, (first, second), (False, False)):
                asked += 1
                if not await _all_alike(asking, insider(walls, one.name), operation, ids, group):
                    unlike.append((one.name, operation.text))
    assert unlike == []
    assert asked > 30 / every


async def _all_alike(
    asking: Asking, who: Identity, operation: Operation, ids: Mapping[str, str], group: Sequence[Ids]
) -> bool:
    compared = sorted({id for two in group for id in two if id is not None})
    for _ in range(3):
        answers = []
        for one, two in group:
            answer = await asking.ask(who, operation.text, {**operation.variables(ids), "one": one, "two": two})
            answers.append((without(answer.text, compared), answer.statements))
        if all(answer == answers[0] for answer in answers):
            return True
    return False


NOWHERE: Final = "canary-888888"
"""What stands in no row."""

MOST: Final = 90
"""How many texts one query may ask for."""


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.soak)])
async def test_a_text_out_of_sight_is_not_found(asking: Asking, admin: asyncpg.Connection[Any], every: int) -> None:
    """Whatever a root field is asked for by a text: what is hidden finds as much as what is nowhere.

    Of each column that is hidden from somebody one text, of one in so many columns.
    """
    walls, found = asking.walls, []
    rows = await rows_of(admin, walls)
    for number, one in enumerate(INSIDERS):
        hidden = {(at.table, at.column): text for text, at in hidden_from(one, walls, rows).items() if "canary" in text}
        texts = list(hidden.values())[number % every :: every]
        for begin in range(0, len(texts), MOST):
            asked = [NOWHERE, *texts[begin : begin + MOST]]
            for name, argument, query in probes(SCHEMA._schema, asked):
                answer = await asking.ask(insider(walls, one.name), query, {})
                if answer.data is None and answer.errors[0]["path"][0] == "a0":
                    continue  # it is refused, whatever the text
                told = [_told(answer, number, text) for number, text in enumerate(asked)]
                found += [
                    (one.name, name, argument, text) for text, same in zip(asked, told, strict=True) if same != told[0]
                ]
    print(*found[:40], sep="\n")
    assert found == []


def _told(answer: Answer, number: int, text: str) -> tuple[Any, list[str]]:
    """How much was found by a text, and what was said of it."""
    errors = [error["message"].replace(text, NOWHERE) for error in answer.errors if error["path"][0] == f"a{number}"]
    return (answer.data or {}).get(f"a{number}"), errors
