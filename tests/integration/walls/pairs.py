"""Two ids of one input or of one field, in all ways in which whoever sends them may know of neither.

Each of the two is hidden or there is none such. Whoever is told the same of all of them learns neither whether
something is there, nor what two things have to do with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, Final

from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls.asking import canaries_in
from tests.integration.walls.belonging import Insider, Rows, hidden_rows
from tests.integration.walls.changes import Naming, Place
from tests.integration.walls.planting import Walls
from tests.integration.walls.sending import TURNS, Comparing, insider, make, namings, refused, without
from tests.integration.walls.test_reading import TABLES

SEVERAL: Final = 2
"""How many hidden ones of each type are tried with each other."""

HOLDERS: Final = ("cem", "bob", "ann")
"""Who holds a position of his own name: there are pairs that belong together, and others."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two places of the input of a mutation, each of which takes an id."""

    first: Naming
    second: Naming

    @property
    def name(self) -> str:
        """The mutation and both places."""
        return f"{self.first.change.name}: {_written(self.first.place)} and {_written(self.second.place)}"

    @property
    def types(self) -> set[str]:
        """Of which types the ids are."""
        return {self.first.type_name, self.second.type_name}

    def input(self, ids: tuple[str | None, str | None]) -> dict[str, Any]:
        """The valid input with these ids there; None stands for nothing."""
        return self.second.put_into(self.first.input(ids[0]), ids[1])


def pairs(walls: Walls) -> list[Pair]:
    """Every two places of each input, and the first two of each list of ids."""
    found = []
    for first, second in combinations(namings(walls), 2):
        if first.change is second.change:
            found.append(Pair(first, second))
    for one in namings(walls):
        if one.place[-1] == 0 and isinstance(one.place[-1], int):
            other = Naming(one.change, (*one.place[:-1], 1), one.type_name, one.given)
            found.append(Pair(one, other))
    return found


def _written(place: Place) -> str:
    return ".".join(map(str, place))


Ids = tuple[str | None, str | None]


def groups(
    types: tuple[str, str], hidden: tuple[Sequence[int], Sequence[int]], droppable: tuple[bool, bool]
) -> list[list[Ids]]:
    """The ids of pairs of which all of a group are answered alike, the first of each with those that there are not.

    The first group is of both ids, the others, of one where the other one may be left out.
    """
    absent = [encode_id(name, NOTHING + number) for number, name in enumerate(types)]
    kept = [[encode_id(name, id) for id in of_one] for name, of_one in zip(types, hidden, strict=True)]
    both: list[Ids] = [
        (one, other) for one, other in product((absent[0], *kept[0]), (absent[1], *kept[1])) if one != other
    ]
    found: list[list[Ids]] = [both]
    if droppable[1]:
        found.append([(one, None) for one in (absent[0], *kept[0])])
    if droppable[0]:
        found.append([(None, one) for one in (absent[1], *kept[1])])
    return [group for group in found if len(group) > 1]


@dataclass
class ComparingPairs:
    """Compares what is answered to pairs of ids."""

    comparing: Comparing
    rows: Rows
    tried: set[str] = field(default_factory=set)
    """Pairs that were compared."""

    async def wrong(self, one: Insider, pair: Pair) -> list[Any]:
        """What is wrong: answers that differ, canaries, whatever was changed; nothing where all is well."""
        walls = self.comparing.asking.walls
        who = insider(walls, one.name)
        namings = (pair.first, pair.second)
        types = (pair.first.type_name, pair.second.type_name)
        valid = str(pair.first.given)
        first, second = (
            [id for id in some_hidden(one, walls, self.rows, name) if encode_id(name, id) not in valid]
            for name in types
        )
        if not (first or second):
            return []
        self.tried.add(pair.name)
        droppable = (namings[0].droppable, namings[1].droppable)
        found: list[Any] = []
        await self.comparing.watch.begin()
        for group in groups(types, (first, second), droppable):
            ids = sorted({id for two in group for id in two if id is not None})
            for _ in range(3):
                answers = [await self._answer(who, pair, two, ids) for two in group]
                if all(answer == answers[0] for answer in answers):
                    break
            unlike = [(two, answer) for two, answer in zip(group, answers, strict=True) if answer != answers[0]]
            if unlike:
                found += [answers[0], *unlike[:2]]
            found += ["accepted" for _, _, is_refused in answers if not is_refused][:1]
            found += [text for answer, _, _ in answers for text in canaries_in(answer)]
        changed = await self.comparing.watch.changed()
        return found + sorted(changed - (TURNS if pair.first.change.name == "handOutRecords" else set()))

    async def _answer(self, who: Identity, pair: Pair, two: Ids, compared: Sequence[str]) -> tuple[str, int, bool]:
        change = pair.first.change
        self.comparing.statements.number = 0
        answer = await make(self.comparing.asking, who, change, pair.input(two))
        return without(answer.text, compared), self.comparing.statements.number, refused(change, answer)


def some_hidden(one: Insider, walls: Walls, rows: Rows, type_name: str) -> list[int]:
    """Some of which he must not know; of members and positions first those that belong together."""
    hidden = hidden_rows(one, walls, rows, TABLES.get(type_name, ""))
    named = {"Member": walls.world.floor.members, "OrgUnit": walls.world.floor.units}.get(type_name, {})
    holders = [named[name] for name in HOLDERS if named.get(name) in hidden]
    return list(dict.fromkeys([*holders, *reversed(hidden)]))[:SEVERAL]
