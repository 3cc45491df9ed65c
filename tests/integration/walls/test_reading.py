"""Every field that is asked for, by everybody whom it does not concern: nothing planted appears in any answer."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.test_nodes import one_of_each
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls.asking import ALL, Answer, Asking, canaries, reached, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of, written
from tests.integration.walls.further_rows import FURTHER
from tests.integration.walls.nothing_there import NOTHING_THERE
from tests.integration.walls.operations import Operation, read_operations, ways
from tests.integration.walls.planting import Walls

OPERATIONS = read_operations(SCHEMA._schema)

_DAYS = dict.fromkeys(("on", "asOf", "by", "dueBy", "since", "through"), '"2020-06-01"')
_YEARS = dict.fromkeys(("period", "openedIn", "closedIn", "within"), '"2020"')
FORMERLY = [
    one
    for one in read_operations(SCHEMA._schema, {**_DAYS, **_YEARS}, _YEARS)
    if one.text not in {other.text for other in OPERATIONS}
]
"""The same of the days on which seats of the East were in the West: see `add_rarities`."""


def ids_of(walls: Walls) -> dict[str, str]:
    """One of each of the planted company, of those that there are several of the one that has the most in it."""
    return {**one_of_each(walls.world), "Plan": walls.world["published"]}


async def all_ids(asking: Asking) -> dict[str, list[str]]:
    """Whatever the planted company has of each type: the first is the East's, the last the West's."""
    async with asking.database.snapshot(asking.walls.planted_id) as snapshot:
        found = {}
        for name, table in TABLES.items():
            rows = await snapshot.fetch(
                f"SELECT id FROM {table} ORDER BY id > (SELECT min(id) FROM {table}), id > {FURTHER} DESC, id"
            )
            found[name] = [encode_id(name, row["id"]) for row in rows]
    return found


THOROUGH = ("the twin's admin", "the stranger's admin")
EVERYBODY = ("the stranger's admin", "the stranger's head", "the stranger's member", "a service of the stranger")

TABLES = {
    "OrgUnit": "org_unit",
    "Member": "member",
    "Plan": "plan",
    "Funnel": "funnel",
    "Customer": "customer",
    "Opportunity": "opportunity",
    "Lead": "lead",
    "Pool": "pool",
    "Achievement": "achievement_entry",
    "Activity": "activity",
    "DealReview": "deal_review",
    "IncentiveRun": "incentive_run",
    "Dispute": "dispute",
    "Statement": "incentive_statement",
    "ActionPlan": "action_plan",
    "ActionItem": "action_item",
    "Review": "review",
    "ReviewForm": "review_form",
    "ReviewCycle": "review_cycle",
    "CellComment": "cell_comment",
    "TargetSubmission": "submission",
    "QuotaRelief": "quota_relief",
    "Objective": "objective",
    "IncentiveSimulation": "incentive_simulation",
    "Stage": "stage",
    "Absence": "absence",
    "OpportunityDocument": "opportunity_document",
    "ReviewFollowUp": "review_follow_up",
    "Notification": "notification",
}
"""Types that there are several of."""


def fields_of(type_name: str) -> set[tuple[str, str]]:
    """The fields of a type, which operations are named after; none for what is no type."""
    kind = SCHEMA._schema.type_map.get(type_name)
    return {(type_name, name) for name in getattr(kind, "fields", ())}


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
async def test_nobody_else_sees_what_was_planted(asking: Asking, every: int) -> None:
    """Neither the admin of another company nor his heads, members and services, nor whoever has no token or no scope.

    Of the twin, everything is asked for by ids that are its own as well; to the stranger they are foreign. Two of them
    ask for everything, the others for one in so many fields, each for others.
    """
    ids, seen = ids_of(asking.walls), []
    for number, (name, who) in enumerate(strangers(asking.walls).items()):
        asked = OPERATIONS if name in THOROUGH else OPERATIONS[number % every :: every]
        for operation in asked:
            answer = await asking.ask(who, operation.text, operation.variables(ids))
            seen += [(name, operation.name, one) for one in sorted(canaries(answer))]
            if who is None:
                assert {error["extensions"]["code"] for error in answer.errors} == {"UNAUTHENTICATED"}
    assert seen == []


async def test_every_field_is_reached(asking: Asking) -> None:
    """The planted company's admin, head, member and service are answered by all fields, with canaries among it.

    A null or an empty list is no answer: fields that have no other are listed, exactly, each with a reason. Of all
    that the admin asks nothing is refused as a whole, for a bad cursor or the like.
    """
    walls, base, several = asking.walls, ids_of(asking.walls), await all_ids(asking)
    found: set[tuple[str, str]] = set()
    refused: set[str] = set()
    shown: set[str] = set()
    members = walls.world.floor.members
    for who in (
        Identity(walls.planted_id, "boss", Role.ADMIN),
        Identity(walls.planted_id, "ann", Role.MEMBER, members["ann"]),
        Identity(walls.planted_id, "hal", Role.MEMBER, members["hal"]),
        Identity(walls.planted_id, "crm", Role.SERVICE, scopes=ALL),
    ):
        for operation in OPERATIONS:
            begins, fields = operation.begins_with or "", fields_of(operation.name)
            for id in [base.get(begins, ""), *several.get(begins, ())]:
                if fields and fields <= found:
                    break
                answer = await asking.ask(who, operation.text, operation.variables({**base, begins: id}))
                found |= reached(answer.data)
                if answer.data is None and who.role is Role.ADMIN:
                    refused.add(operation.name)
                shown |= canaries(answer)
    assert refused == set()
    schema = SCHEMA._schema
    wanted = set().union(*(fields_of(name) for name in ways(schema)))
    assert wanted - found == {(kind, name) for kind, names in NOTHING_THERE.items() for name in names}
    places = written(walls)
    assert len({(places[one].table, places[one].column) for one in shown if one in places}) > 150


@pytest.mark.parametrize("names", [THOROUGH[1:], pytest.param(EVERYBODY, marks=pytest.mark.soak)])
async def test_what_is_foreign_answers_like_what_is_not_there(asking: Asking, names: tuple[str, ...]) -> None:
    """The same data, codes, paths and words, after the same number of statements."""
    foreign = ids_of(asking.walls)
    nowhere = {name: encode_id(name, NOTHING) for name in foreign}
    everybody, told = strangers(asking.walls), []
    for name in names:
        for operation in OPERATIONS:
            if operation.ids and not await _alike(asking, everybody[name], operation, foreign, nowhere):
                told += [(name, operation.name)]
    assert told == []


async def _alike(
    asking: Asking, who: Identity | None, operation: Operation, foreign: dict[str, str], nowhere: dict[str, str]
) -> bool:
    """Whether an operation is answered alike, once all is read that a process reads of a company only once."""
    for _ in range(3):
        told = [
            _without(await asking.ask(who, operation.text, operation.variables(ids)), ids) for ids in (foreign, nowhere)
        ]
        if told[0] == told[1]:
            return True
    return False


def _without(answer: Answer, ids: dict[str, str]) -> tuple[str, int]:
    text = answer.text
    for name, id in ids.items():
        text = text.replace(id, name)
    return text, answer.statements


@pytest.mark.parametrize("operations", [OPERATIONS, FORMERLY], ids=["today", "formerly"])
async def test_nobody_sees_what_is_another_s(
    asking: Asking, admin: asyncpg.Connection[Any], operations: list[Operation]
) -> None:
    """In their own company Ann sees nothing of Bob's or the West's; Hal, who heads the East, nothing of the West's.

    Each asks by ids that are the West's, where there are any; of days, too, on which what is theirs was in the West.
    """
    walls, base, several = asking.walls, ids_of(asking.walls), await all_ids(asking)
    rows, seen = await rows_of(admin, walls), []
    for insider in INSIDERS:
        hidden = hidden_from(insider, walls, rows)
        who = Identity(walls.planted_id, insider.name, Role.MEMBER, walls.world.floor.members[insider.name])
        for operation in operations:
            begins = operation.begins_with or ""
            chosen = several.get(begins, [base.get(begins, "")])
            for id in chosen[-1:]:  # the latest are those of the West
                answer = await asking.ask(who, operation.text, operation.variables({**base, begins: id}))
                seen += [(insider.name, operation.name, hidden[one]) for one in canaries(answer) if one in hidden]
    assert seen == []
