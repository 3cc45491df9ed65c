"""Whoever asks, what he is answered, and what of it he should not have been told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.errors import original_of, shown
from quotaloom_graphql.served_schema import QuotaloomSchema
from tests.integration.funnels.floors import HOST, NOON
from tests.integration.graph.asking import SCHEMA
from tests.integration.walls.planting import CANARY, ENOUGH, Walls

NUMBER = re.compile(r"(?<![\w.-])\d{9,}(?:\.\d+)?(?![\w.])")
DAY = re.compile(r"20(?:8[7-9]|9\d)-\d\d-\d\d")
ALL = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the data, the errors as they are shown, and how many statements it took.

    `written` is how many rows were written for it, where somebody counts them.
    """

    data: Any
    errors: list[dict[str, Any]]
    statements: int = 0
    written: int = 0

    @property
    def text(self) -> str:
        """All of it, to be searched."""
        return json.dumps([self.data, self.errors], default=str, ensure_ascii=False)


@dataclass
class Asking:
    """A process that serves the three companies."""

    walls: Walls
    database: Database
    schema: QuotaloomSchema = SCHEMA
    host: PolicyHost = HOST
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.services = Services(self.database, self.host, lambda: NOON, AttainmentFeed(self.database))

    async def ask(
        self, who: Identity | Unauthenticated | None, query: str, variables: Mapping[str, Any], key: str | None = None
    ) -> Answer:
        """The answer to whoever it is; None has no token, and what is wrong with a token stands for that.

        `key` is the idempotency key that came with the request.
        """
        identity = who or Unauthenticated("send a token")
        async with RequestContext(self.services, identity) as context:
            context.idempotency_key = key
            result = await self.schema.execute(query, variable_values=dict(variables), context_value=context)
            errors = [shown(error).formatted for error in result.errors or ()]
            statements = context._snapshot.statements if context._snapshot is not None else 0
            for error, told in zip(result.errors or (), errors, strict=True):
                if told["extensions"]["code"] == "INTERNAL":
                    raise AssertionError(f"{told['path']} failed") from original_of(error)
                if "path" not in told:
                    raise AssertionError(f"refused as a whole: {told}")
        return Answer(result.data, [dict(error) for error in errors], statements)


def strangers(walls: Walls) -> dict[str, Identity | None]:
    """Everybody who has no business with the planted company."""
    twin, stranger = walls.twin_id, walls.stranger_id
    ann, hal = (walls.world.floor.members[name] for name in ("ann", "hal"))
    kim, lee = (walls.stranger_members[name] for name in ("kim", "lee"))
    return {
        "the twin's admin": Identity(twin, "admin", Role.ADMIN),
        "the twin's Hal": Identity(twin, "hal", Role.MEMBER, hal),
        "the twin's Ann": Identity(twin, "ann", Role.MEMBER, ann),
        "a service of the twin": Identity(twin, "crm", Role.SERVICE, scopes=ALL),
        "the stranger's admin": Identity(stranger, "admin", Role.ADMIN),
        "the stranger's head": Identity(stranger, "kim", Role.MEMBER, kim),
        "the stranger's member": Identity(stranger, "lee", Role.MEMBER, lee),
        "a service of the stranger": Identity(stranger, "crm", Role.SERVICE, scopes=ALL),
        "a member of the planted company by number, with the stranger's token": Identity(
            stranger, "ann", Role.MEMBER, ann
        ),
        "a service without scopes": Identity(walls.planted_id, "crm", Role.SERVICE),
        "an operator": Identity(0, "ops", Role.OPERATOR),
        "nobody": None,
    }


def canaries(answer: Answer) -> set[str]:
    """Whatever in the answer was planted: texts, amounts, days."""
    return canaries_in(answer.text)


def canaries_in(text: str) -> set[str]:
    """Whatever in a text was planted."""
    found = {match.group() for match in CANARY.finditer(text)} | set(DAY.findall(text))
    return found | {number for number in NUMBER.findall(text) if float(number) >= ENOUGH}


def reached(data: Any) -> set[tuple[str, str]]:
    """(type, field) of whatever was answered with something: neither null nor an empty list."""
    found: set[tuple[str, str]] = set()
    _reach(data, found)
    return found


def resolved(data: Any) -> set[tuple[str, str]]:
    """(type, field) of whatever was answered, with something or with null."""
    found: set[tuple[str, str]] = set()
    _reach(data, found, empty=True)
    return found


def _reach(value: Any, found: set[tuple[str, str]], *, empty: bool = False) -> None:
    if isinstance(value, list):
        for one in value:
            _reach(one, found, empty=empty)
    elif isinstance(value, dict):
        owner = value.get("__typename")
        for name, one in value.items():
            if owner is not None and (empty or (one is not None and one != [])):
                found.add((owner, name.partition("__")[0]))
            _reach(one, found, empty=empty)


def moved(walls: Walls, database: Database) -> Walls:
    """The same companies in another copy of their database."""
    floor = walls.world.floor
    work = replace(floor.work, database=database)
    return replace(walls, world=replace(walls.world, floor=replace(floor, work=work)))
