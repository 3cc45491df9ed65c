"""Three companies in one database: a planted one, its twin with the same ids, and a stranger.

The planted company has canaries in every table: a text, an amount or a day that is nowhere else. The twin is a copy of
it, id by id, from before they were planted; whatever forgets to ask for the company finds two rows where there is one.
The stranger knows ids of the planted company that are nobody's in his own.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import asyncpg

from quotaloom.incentives.canonical import packed
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import found
from tests.integration.funnels.floors import NOON
from tests.integration.graph.worlds import World, small_world
from tests.integration.walls.empty_tables import FILLED
from tests.integration.walls.further_rows import ADDED, TIED
from tests.integration.walls.mirrored import mirror
from tests.integration.walls.rarities import add_rarities

CANARY: Final = re.compile(r"canary-(\d{6})")
HUGE: Final = 7 * 10**15
"""The planted amounts, in minor units, begin here: sums of them are no smaller, and nobody else has any so large."""

SCATTERED: Final = 10**13
"""They lie scattered over so many, so that what some of them are more than others is never another one."""

ENOUGH: Final = 5 * 10**13
"""No number of another company comes near this one, in any scale."""

FIRST_PLANTED_DAY: Final = date(2087, 1, 1)
"""The planted days lie in the thirteen years from here on, and no others do."""

FREE_TEXTS: Final = {
    *(
        "name",
        "title",
        "description",
        "reason",
        "comment",
        "text",
        "note",
        "matter",
        "place",
        "result",
        "aim",
        "advice",
    ),
    *("follow_up", "email", "phone", "sector", "location", "organization", "next_step", "exempt_reason", "appeal"),
    *("lost_reason", "invalid_reason", "self_comment", "manager_comment", "conditions", "obstacles", "people"),
    *(
        "material",
        "cooperation",
        "product_mix",
        "competitors",
        "actor",
        "author",
        "changed_by",
        "created_by",
        "made_by",
    ),
    *("submitted_by", "decided_by", "published_by", "closed_by", "granted_by", "revoked_by", "revoke_reason"),
    *("opened_by", "reviewer", "settled_by", "updated_by", "resolved_by", "agreed_by", "failure", "measured_by"),
    *("label", "memory", "url", "key", "domain", "source", "credential", "product_group"),
}
"""Columns of texts that the product keeps as they are, whatever they say."""

KEPT: Final = {
    *(("plan_version", "name"), ("incentive_budget", "label"), ("incentive_run", "label")),
    *(("achievement_entry", "source"), ("statement_line", "rate")),
    *((table, "key") for table in ("org_unit", "metric", "product", "pool", "funnel", "score", "attribute_definition")),
    *(("attribute_choice", "key"), ("stage", "key"), ("incentive_rule", "key"), ("close_reason", "key")),
    *(("review_part", "key"), ("review_form", "key"), ("listener_position", "listener")),
}
"""Columns that have such a name and mean something to the product, or that a check ties to others."""

AMOUNTS: Final = {
    *("direct", "amount", "original_amount", "original_direct", "budget", "spent", "cost", "contested", "claimed"),
    *("total", "target", "assessment", "stretch", "achieved", "money", "list_price", "base"),
}
NO_AMOUNTS: Final = {("incentive_simulation", "total")}
DAYS: Final = {
    "expected_close_on",
    "next_step_on",
    "contract_ends_on",
    "due_on",
    "created_on",
    "revoked_on",
    "granted_on",
    "escalated_on",
}
NO_DAYS: Final = {("activity", "due_on")}

ENDS: Final = {
    *(("plan", "commitments_until"), ("holding", "valid_to"), ("headship", "valid_to"), ("org_unit", "closed_on")),
    *(("member", "left_on"), ("group_membership", "valid_to"), ("attribute_value", "day")),
}
"""Days that are planted where there is one already: elsewhere they would end what the tests go on with."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Where a canary is: the row of a table, and the column."""

    table: str
    id: int
    column: str


@dataclass
class Walls:
    """The three companies, and what was planted."""

    world: World
    twin_id: int
    stranger_id: int
    stranger_members: dict[str, int]
    texts: dict[int, Planted] = field(default_factory=dict)
    amounts: dict[int, Planted] = field(default_factory=dict)
    days: dict[str, Planted] = field(default_factory=dict)

    @property
    def planted_id(self) -> int:
        """The company that has the canaries."""
        return self.world.floor.work.company.id


async def build(database: Database, admin_url: str) -> Walls:
    """The companies, planted."""
    world = await small_world(database)
    await add_rarities(world)
    stranger_id, members = await _stranger(database)
    walls = Walls(world, stranger_id + 1, stranger_id, members)
    connection = await asyncpg.connect(**credentials(admin_url))
    try:
        await connection.execute("SET session_replication_role = replica")  # neither triggers nor references
        columns = await columns_of(connection)
        for sql in (*FILLED, *ADDED):
            await connection.execute(sql, walls.planted_id)
        await mirror(connection, columns, walls.planted_id)
        await _copy(connection, columns, walls)
        await _plant(connection, columns, walls)
        for sql in TIED:
            await connection.execute(sql, walls.planted_id)
        await connection.execute("SET session_replication_role = origin; ANALYZE")
    finally:
        await connection.close()
    return walls


async def _stranger(database: Database) -> tuple[int, dict[str, int]]:
    """A company of two units and two members, whose ids are none of the others'."""
    work = await found(database, NOON, key="stranger", name="Stranger")

    async def apply(transaction: Transaction) -> dict[str, int]:
        _, team, seat = await _units(transaction)
        ids = await insert_members(transaction, [NewMember(name, key=name) for name in ("kim", "lee")])
        members = dict(zip(("kim", "lee"), ids, strict=True))
        await appoint(transaction, HEADSHIP, [NewTerm(team, members["kim"])])
        await appoint(transaction, HOLDING, [NewTerm(seat, members["lee"])])
        return members

    return work.company.id, await work.write(apply)


async def _units(transaction: Transaction) -> tuple[int, int, int]:
    (root,) = await insert_units(transaction, [NewUnit("Root", "company")])
    (team,) = await insert_units(transaction, [NewUnit("Team", "team", root)])
    (seat,) = await insert_units(transaction, [NewUnit("Seat", "position", team)])
    return root, team, seat


Columns = dict[str, dict[str, str]]
"""By table, the type of each column."""


async def columns_of(connection: asyncpg.Connection[Any]) -> Columns:
    """The columns of all tables."""
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name <> 'tortoise_migrations' ORDER BY table_name, ordinal_position"
    )
    found: Columns = {}
    for row in rows:
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found


async def _copy(connection: asyncpg.Connection[Any], columns: Columns, walls: Walls) -> None:
    for table, names in columns.items():
        own = "id" if table == "company" else "company_id"
        others = [name for name in names if name != own]
        values = ["'twin'" if (table, name) == ("company", "key") else name for name in others]
        await connection.execute(
            f"INSERT INTO {table} ({own}, {', '.join(others)}) SELECT $2, {', '.join(values)}"
            f" FROM {table} WHERE {own} = $1",
            walls.planted_id,
            walls.twin_id,
        )
    await connection.execute("SELECT setval(pg_get_serial_sequence('company', 'id'), $1)", walls.twin_id)


async def _plant(connection: asyncpg.Connection[Any], columns: Columns, walls: Walls) -> None:
    number = 0
    for table, names in columns.items():
        own = "id" if table == "company" else "company_id"
        rows = await connection.fetch(f"SELECT * FROM {table} WHERE {own} = $1 ORDER BY id", walls.planted_id)
        for column, kind in names.items():
            for row in rows if _is_planted(table, column, kind) else ():
                if (table, column) in ENDS and row[column] is None:
                    continue
                number += 1
                noted, key, value = _canary(walls, column, kind, number)
                update = f"UPDATE {table} SET {column} = {value} WHERE {own} = $1 AND id = $2"
                with suppress(asyncpg.CheckViolationError):  # it would contradict another column
                    await connection.execute(update, walls.planted_id, row["id"])
                    noted[key] = Planted(table, row["id"], column)
    await connection.execute(
        "UPDATE quotaloom_jobs.job SET headers = headers || '{\"about\": \"canary-999999\"}' WHERE status = 'failed'"
    )
    walls.texts[999_999] = Planted("job", 0, "about")


def _canary(walls: Walls, column: str, kind: str, number: int) -> tuple[dict[Any, Planted], Any, str]:
    """Where a canary is noted, as what, and its value in SQL."""
    if kind == "date":
        day = str(FIRST_PLANTED_DAY + timedelta(days=number))
        return walls.days, day, f"'{day}'"
    if kind == "bytea":
        stored = packed(json.dumps([f"canary-{number:06}"]))
        return walls.texts, number, f"'\\x{stored.hex()}'"
    if kind == "bigint":
        amount = HUGE + Random(number).randrange(SCATTERED)
        return walls.amounts, amount, str(amount)
    if kind == "jsonb":
        return walls.texts, number, _json(column, number)
    return walls.texts, number, f"'canary-{number:06}{'.example' if column == 'domain' else ''}'"


def _is_planted(table: str, column: str, kind: str) -> bool:
    if kind in ("text", "character varying"):
        return column in FREE_TEXTS and (table, column) not in KEPT
    if kind == "jsonb":
        return (table, column) in _JSONS
    if kind == "date":
        return (column in DAYS and (table, column) not in NO_DAYS) or (table, column) in ENDS
    if kind == "bytea":
        return True
    return kind == "bigint" and column in AMOUNTS and (table, column) not in NO_AMOUNTS


_JSONS: Final = {
    *(("notification", "details"), ("audit_entry", "before"), ("audit_entry", "after"), ("opportunity", "competitors")),
    *(("activity", "materials"), ("action_item", "materials"), ("outbox_event", "payload")),
}


def _json(column: str, number: int) -> str:
    canary = f"canary-{number:06}"
    if column in ("competitors", "materials"):
        return f"'[\"{canary}\"]'"
    if column == "details":
        return f"""details || '{{"record": "{canary}", "by": "{canary}", "form": "{canary}", "member": "{canary}"}}'"""
    return f"""coalesce({column}, '{{}}') || '{{"name": "{canary}"}}'"""
