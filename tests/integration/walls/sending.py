"""Mutations as they are sent: by whom, whether they were refused, and whether two ids are refused alike."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from quotaloom.platform.access import Role
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id, split_id
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.test_every_mutation import as_whom
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls.asking import Answer, Asking, canaries_in
from tests.integration.walls.changes import Change, Naming, changes
from tests.integration.walls.fingerprints import Statements, Watch
from tests.integration.walls.planting import Walls
from tests.integration.walls.test_reading import ids_of

CHANGES: Final = changes(SCHEMA._schema)

TURNS: Final = {"public.pool"}
"""A pool counts attempts to hand out, also of what it does not have."""


def rightful(walls: Walls, company_id: int, change: Change) -> Identity:
    """Whoever of a company may make a change."""
    who = as_whom(change.name)
    if isinstance(who, Identity):
        return who
    if who is None:
        return Identity(company_id, "admin", Role.ADMIN)
    return Identity(company_id, who, Role.MEMBER, walls.world.floor.members[who])


def insider(walls: Walls, name: str) -> Identity:
    """A member of the planted company."""
    return Identity(walls.planted_id, name, Role.MEMBER, walls.world.floor.members[name])


async def make(
    asking: Asking, who: Identity | Unauthenticated | None, change: Change, input: dict[str, Any] | None = None
) -> Answer:
    """The answer to a mutation with its valid input, or another one."""
    variables: dict[str, Any] = dict(change.operation.variables(ids_of(asking.walls)))
    variables["input"] = change.input(asking.walls.world) if input is None else input
    return await asking.ask(who, change.operation.text, variables)


def refused(change: Change, answer: Answer) -> bool:
    """Whether a mutation was refused, of several records for each."""
    payload = (answer.data or {}).get(change.name)
    if answer.errors or payload is None or payload["errors"]:
        return True
    results = payload.get("results")
    return bool(results) and all(one["refusal"] for one in results)


def namings(walls: Walls) -> list[Naming]:
    """Every place of every input that takes an id."""
    return [naming for change in CHANGES for naming in change.naming(walls.world)]


@dataclass
class Comparing:
    """Compares what is answered to an id that is somebody else's, and to one that is nobody's."""

    asking: Asking
    watch: Watch
    statements: Statements

    async def wrong(self, who: Identity, naming: Naming, id: str, hidden: Container[str] | None = None) -> list[Any]:
        """What is wrong: answers that differ, canaries, whatever was changed; nothing where all is well.

        `hidden` are the canaries that he must not see, None for all of them.
        The answers are compared once all is read that a process reads of a company only once.
        """
        nothing = encode_id(naming.type_name, NOTHING)
        await self.watch.begin()
        for _ in range(3):
            answers = [await self._answer(who, naming, one, (nothing, id)) for one in (nothing, id)]
            if answers[0] == answers[1]:
                break
        found: list[Any] = [] if answers[0] == answers[1] else answers
        text, _, is_refused = answers[1]
        if not is_refused:
            found.append("accepted")
        found += [one for one in canaries_in(text) if hidden is None or one in hidden]
        return found + sorted(await self.watch.changed() - (TURNS if naming.change.name == "handOutRecords" else set()))

    async def _answer(self, who: Identity, naming: Naming, id: str, compared: Sequence[str]) -> tuple[str, int, bool]:
        """The answer without the ids, how many statements it took, and whether it is a refusal."""
        self.statements.number = 0
        answer = await make(self.asking, who, naming.change, naming.input(id))
        return without(answer.text, compared), self.statements.number, refused(naming.change, answer)


def without(text: str, ids: Sequence[str]) -> str:
    """An answer in which the ids, and their numbers in messages, are not told.

    Of the two that are compared neither is told in either answer: something else there may have the number of one.
    """
    for id in ids:
        text = text.replace(id, "it").replace(quote(id), "it")  # in paths of files as well
    return "".join(_parts(text, "|".join(str(split_id(id)[1]) for id in ids)))


def _parts(text: str, numbers: str) -> Iterator[str]:
    """The text, in whose messages the numbers are not told."""
    for part in re.split(r'("message": "(?:[^"\\]|\\.)*")', text):
        yield re.sub(rf"\b(?:{numbers})\b", "it", part) if part.startswith('"message"') else part
