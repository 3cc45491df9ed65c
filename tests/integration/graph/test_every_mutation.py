"""What holds for every mutation: a token, an audit record with an event, and errors that name their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.graph_client import serving
from tests.integration.funnels.floors import NOON
from tests.integration.graph.asking import SCHEMA, do
from tests.integration.graph.bad_calls import BAD, bad_inputs
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World, small_world

assert SCHEMA._schema.mutation_type is not None
MUTATIONS = SCHEMA._schema.mutation_type.fields

SCALARS = {
    "String": "x",
    "ID": "x",
    "Int": 1,
    "Boolean": True,
    "Decimal": "1",
    "JSON": {},
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
    "Time": "09:00:00",
}

FILE = "content"
"""The field of a file, in which a place is a row and a heading."""

WHOLE = {"NOTHING_TO_CHANGE"}
"""What is wrong with an input as a whole."""


def minimal(kind: GraphQLInputType) -> Any:
    """A value of an input type that names what is required and nothing else."""
    if isinstance(kind, GraphQLNonNull):
        return minimal(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [minimal(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        return {name: minimal(field.type) for name, field in kind.fields.items() if is_required_input_field(field)}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return SCALARS[kind.name]


def leads(path: list[str], kind: Any) -> bool:
    """Whether a path is one through the values of an input type; inside JSON, and a file, every path is."""
    if not path:
        return True
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        return path[0].isdigit() and leads(path[1:], kind.of_type)
    if isinstance(kind, GraphQLInputObjectType):
        return path[0] == FILE or (path[0] in kind.fields and leads(path[1:], kind.fields[path[0]].type))
    return str(kind) == "JSON"


def as_whom(mutation: str) -> Identity | str | None:
    """Operators found companies, Ann claims, reads, contests, sets herself goals, Hal reviews; admins do the rest."""
    members = dict.fromkeys(("setOwnGoal", "claimRecords", "claimNextRecords", "markNotificationsRead"), "ann")
    members |= dict.fromkeys(("reviewDeal", "followUpDealReview", "scoreReview"), "hal")
    members |= dict.fromkeys(("openDispute", "withdrawDispute"), "ann")
    members |= {"scoreOwnReview": "ann", "confirmReview": "eve", "appealReview": "cem"}
    if mutation in members:
        return members[mutation]
    return Identity(0, "ops", Role.OPERATOR) if mutation == "createCompany" else None


async def test_every_mutation_needs_a_token(database: Database, database_url: str, tmp_path: Path) -> None:
    """Without a token each answers UNAUTHENTICATED, whatever it is given."""
    async with serving(database_url, tmp_path, NOON) as graph:
        for name, field in MUTATIONS.items():
            kind = field.args["input"].type
            query = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
            answer = await graph.send(query, input=minimal(kind))
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"], name


UNTOLD = {"simulatePolicy", "askWhatIf"}
"""Mutations that answer a question."""

AUDITED_ALONE = {"markNotificationsRead"}
"""What concerns nobody but who sends it, and is no event."""


async def written(database: Database, company_id: int) -> tuple[int, int]:
    """How many audit entries and outbox events a company has."""
    async with database.snapshot(company_id) as snapshot:
        row = await snapshot.fetch_one(
            "SELECT (SELECT count(*) FROM audit_entry) AS entries, (SELECT count(*) FROM outbox_event) AS events"
        )
    assert row is not None
    return row["entries"], row["events"]


async def test_every_mutation_is_audited_and_told(database: Database) -> None:
    """One call of each leaves an audit entry and an event, in the new company where one is founded."""
    assert set(VALID) == set(MUTATIONS)
    world = await small_world(database)
    company_id = world.floor.work.company.id
    for name, values in VALID.items():
        before = await written(database, company_id)
        payload = await do(world.floor, name, "", as_whom(name), **values(world))
        assert payload["errors"] == [], name
        if name == "createCompany":
            founded = await company_id_of(database, "new")
            assert founded is not None
            after, before = await written(database, founded), (0, 0)
        else:
            after = await written(database, company_id)
        if name in UNTOLD:
            assert after == before
            continue
        assert after[0] > before[0], f"{name} left no audit entry"
        assert (after[1] > before[1]) == (name not in AUDITED_ALONE), f"{name} left no event"


async def refused(world: World, name: str, values: dict[str, Any]) -> list[str]:
    """The errors of a call whose places its input does not have, or that there are none."""
    kind = get_named_type(MUTATIONS[name].args["input"].type)
    errors = (await do(world.floor, name, "", as_whom(name), **values))["errors"]
    misplaced = []
    for error in errors or ["accepted at "]:
        code, _, place = error.partition(" at ")
        if not (leads(place.split("."), kind) if place else code in WHOLE):
            misplaced.append(f"{name}: {error} for {values}")
    return misplaced


async def test_every_error_names_its_place_in_the_input(database: Database) -> None:
    """Bad input of every mutation is refused with paths through its own input type, and nothing is written."""
    assert set(BAD) == set(MUTATIONS)
    world = await small_world(database)
    before = await written(database, world.floor.work.company.id)
    misplaced = []
    for name in BAD:
        for values in bad_inputs(world, name):
            misplaced += await refused(world, name, values)
    assert misplaced == []
    assert await written(database, world.floor.work.company.id) == before
