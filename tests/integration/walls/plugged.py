"""The graph with what plugins add to it: the example's, and one that tells whatever it can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from graphql import GraphQLObjectType

from quotaloom.platform.access import Role
from quotaloom.platform.allowing import AllowList
from quotaloom.platform.tokens import Identity
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom_graphql.nodes import split_id
from quotaloom_graphql.plugin_graphs import extensions_of, with_fitting_graphs
from quotaloom_graphql.schema import build_schema
from quotaloom_graphql.served_schema import QuotaloomSchema
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP
from tests.integration.graph.asking import SCHEMA
from tests.integration.walls.asking import Asking
from tests.integration.walls.further_rows import FURTHER
from tests.integration.walls.operations import Operation, read_operations
from tests.integration.walls.planting import FREE_TEXTS, Planted, columns_of
from tests.integration.walls.test_reading import OPERATIONS

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "acme_rules"
MODULES: Final = {"acme_rules": "acme_rules", "pry": "tests.integration.walls.prying"}
"""The plugins, by the names of their entry points."""

EXTENSIONS: Final = ("acme_rules.graph", "pry.graph")

NUMBERS: Final = {
    "unitNumber": "OrgUnit",
    "memberNumber": "Member",
    "customerNumber": "Customer",
    "dealNumber": "Opportunity",
}
"""Arguments of plugins that take the number of an object as a text."""

_LAST_NUMBER: Final = 3000
"""No object of the planted company has a larger number."""

VALUES: Final = {
    "repurchaseRate": '"0.5"',
    "averageOrder": '"100"',
    "customers": '"10"',
    "until": '"2027-01-01"',
    "lastNumber": str(_LAST_NUMBER),
    **{argument: f'"%{type_name}%"' for argument, type_name in NUMBERS.items()},
}
"""Values of the plugins' arguments, in which the number of an object stands for itself."""

PLANNED: Final = {"since": '"2027-01-01"', "until": '"2028-01-01"'}
"""Of the year of which there is a published plan."""


@dataclass(frozen=True)
class Plugged:
    """A schema with fields of plugins, and the host of these."""

    schema: QuotaloomSchema
    host: PolicyHost


@cache
def plugged() -> Plugged:
    """The product with both plugins, trusted."""
    ours = entry_points(group=ENTRY_POINT_GROUP)
    theirs = [EntryPoint(name, module, ENTRY_POINT_GROUP) for name, module in MODULES.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        found = discover([*ours, *theirs], allowed=AllowList(named=dict.fromkeys(MODULES, True)), strict=True)
        found = with_fitting_graphs(found, strict=True)
    return Plugged(build_schema(plugins=extensions_of(found)), PolicyHost(found))


@cache
def plugged_operations() -> list[Operation]:
    """The operations made from this schema that ask for a field of a plugin: all that the product alone has not."""
    known = {one.text for one in OPERATIONS}
    return [one for one in read_operations(plugged().schema._schema, VALUES, PLANNED) if one.text not in known]


def added_fields() -> set[tuple[str, str]]:
    """(type, field) of all that the plugins add."""
    ours, found = SCHEMA._schema.type_map, set()
    for name, kind in plugged().schema._schema.type_map.items():
        if isinstance(kind, GraphQLObjectType):
            found |= {(name, field) for field in kind.fields.keys() - getattr(ours.get(name), "fields", {}).keys()}
    return found


def is_direct(operation: Operation) -> bool:
    """Whether it asks for the fields of a type that has fields of plugins, and not for what is far behind these."""
    return operation.name in {name for name, _ in added_fields()} | set(MODULES) | {"acmeRules"}


def with_numbers(operation: Operation, ids: Mapping[str, str]) -> str:
    """The text of an operation with the numbers of these objects."""
    text = operation.text
    for type_name in NUMBERS.values():
        text = text.replace(f"%{type_name}%", str(split_id(ids[type_name])[1]))
    return text


async def plug_in(asking: Asking, admin: asyncpg.Connection[Any]) -> Asking:
    """The same companies in a process that has the plugins; each company has more for these to tell."""
    walls = replace(asking.walls, texts=dict(asking.walls.texts))
    await _note(admin, walls.planted_id, walls.texts)
    await admin.execute("UPDATE opportunity SET opened_on = '2026-05-04' WHERE company_id = $1", walls.planted_id)
    names = [name for name in (await columns_of(admin))["metric"] if name not in ("id", "company_id")]
    # The canaries stay where they are.
    values = [f"CASE WHEN {name} IS NOT NULL THEN key END" if name in FREE_TEXTS else name for name in names]
    await admin.execute(
        f"INSERT INTO metric (company_id, {', '.join(names)}) SELECT $2, {', '.join(values)} FROM metric"
        " WHERE company_id = $1 AND key IN ('revenue', 'tastings')",
        walls.planted_id,
        walls.stranger_id,
    )
    for company_id in (walls.planted_id, walls.twin_id):
        await admin.execute(
            "INSERT INTO exchange_rate (company_id, currency, kind, valid_from, rate)"
            " VALUES ($1, 'GBP', 'booking', '2026-01-01', 9.25)",
            company_id,
        )
    return Asking(walls, asking.database, plugged().schema, plugged().host)


async def switch(asking: Asking, company_ids: Iterable[int], *, active: bool) -> None:
    """Switch all that the plugins add to the graph on or off for some companies."""
    change = """mutation ($policy: String!, $active: Boolean!) {
        switchPolicy(input: { policy: $policy, active: $active }) { policy { active } errors { code } } }"""
    for company_id in company_ids:
        for policy in EXTENSIONS:
            who = Identity(company_id, "admin", Role.ADMIN)
            answer = await asking.ask(who, change, {"policy": policy, "active": active})
            assert answer.data["switchPolicy"] == {"policy": {"active": active}, "errors": []}, answer.text


_SUBJECTS: Final = {"unit": "org_unit", "member": "member", "customer": "customer", "opportunity": "opportunity"}

FIRST_NOTED: Final = 800_000
"""The canaries in attributes are numbered from here on."""


async def _note(admin: asyncpg.Connection[Any], company_id: int, texts: dict[int, Planted]) -> None:
    """Of each unit, member, customer and deal a text, which is a canary, and a reference to one of each of these.

    But for the further ones, whose numbers are too large for a plugin that tries one after another.
    """
    await admin.execute("SET session_replication_role = replica")
    number = FIRST_NOTED
    for subject, table in _SUBJECTS.items():
        own = f"SELECT id FROM {table} WHERE company_id = $1 AND id < {FURTHER}"
        ids = [row["id"] for row in await admin.fetch(own, company_id)]
        text = await _define(admin, company_id, subject, "canary", "text", None)
        for id in ids:
            number += 1
            value_id = await admin.fetchval(
                f"INSERT INTO attribute_value (company_id, definition_id, {subject}_id, text) VALUES ($1, $2, $3, $4)"
                " RETURNING id",
                company_id,
                text,
                id,
                f"canary-{number:06}",
            )
            texts[number] = Planted("attribute_value", value_id, "text")
        for to, named in _SUBJECTS.items():
            definition = await _define(admin, company_id, subject, f"to_{to}", "reference", to)
            await admin.execute(
                f"INSERT INTO attribute_value (company_id, definition_id, {subject}_id, to_{to}_id)"
                f" SELECT $1, $2, one, (SELECT max(id) FROM {named} WHERE company_id = $1 AND id < {FURTHER})"
                " FROM unnest($3::bigint[]) AS one",
                company_id,
                definition,
                ids,
            )
    await admin.execute("SET session_replication_role = origin")


async def _define(
    admin: asyncpg.Connection[Any], company_id: int, subject: str, key: str, kind: str, refers_to: str | None
) -> int:
    id: int = await admin.fetchval(
        "INSERT INTO attribute_definition (company_id, subject, key, title, description, kind, refers_to, ordinal,"
        " archived, version) VALUES ($1, $2, $3, $3, '', $4, $5, 0, false, 1) RETURNING id",
        company_id,
        subject,
        key,
        kind,
        refers_to,
    )
    return id
