"""Whose the planted rows are within their company, worked out from the references of the rows themselves.

DOMAIN.md ("Access"): a head sees the subtrees that he heads today; a member sees himself, and the names and objectives
of his ancestors. A row is of the units and members that it names; one that names none is of what it is a part of; and
one that is of nobody, such as a metric, is everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from tests.integration.walls.further_rows import FURTHER
from tests.integration.walls.planting import Planted, Walls

Owner = tuple[str, int]
"""("unit", id), ("member", id), or ("pool", id) of what waits in one."""

_OWN: Final = {"member_id": "member", "position_id": "unit", "unit_id": "unit"}
_PARTS: Final = {
    "statement_id": "incentive_statement",
    "review_id": "review",
    "action_plan_id": "action_plan",
    "opportunity_id": "opportunity",
    "lead_id": "lead",
    "customer_id": "customer",
    "dispute_id": "dispute",
    "ownership_id": "ownership",
}
_DECIDED: Final = {"stage_approval"}
"""Tables whose rows name who decided, and are of what was decided on."""

_NOBODYS: Final = {"outbox_event", "pool_memory", "claim_request", "listener_position"}
"""Tables of which the graph shows nothing to anybody."""

_ADMINS: Final = {"audit_entry", "incentive_simulation", "job"}
_OPEN: Final = {"review_cycle", "review_form", "funnel"}
"""Tables of settings that name units, and are open to all members like the others: docs/reviews.md."""

_HEADS: Final = {"decomposition", "submission", "forecast_adjustment", "incentive_budget"}
"""Tables that a member without a unit to lead sees nothing of."""


@dataclass(frozen=True, slots=True)
class Insider:
    """Somebody of the planted company: the units and members whose figures he may see, and those he may know of.

    `pools` are those that he claims from or looks after, by their keys.
    """

    name: str
    units: frozenset[str]
    members: frozenset[str]
    named: frozenset[str]
    pools: frozenset[str]
    leads: bool


_SEA: Final = frozenset({"sea", "pond"})
"""The pools of the East."""

INSIDERS: Final = (
    Insider("ann", frozenset({"ann"}), frozenset({"ann"}), frozenset({"acme", "east"}), _SEA | {"brook"}, leads=False),
    Insider(
        "hal",
        frozenset({"east", "ann", "bob", "eve"}),
        frozenset({"hal", "ann", "bob", "eve"}),
        frozenset({"acme"}),
        _SEA,
        leads=True,
    ),
    Insider(
        "wu",
        frozenset({"west", "cem", "empty"}),
        frozenset({"wu", "cem"}),
        frozenset({"acme"}),
        frozenset(),
        leads=True,
    ),
)
"""Ann holds a position in the East, which Hal heads, and Wu the West. Whoever has to do with a pool is told who looks
after it: Hal."""

_KNOWN_TO_ALL: Final = ("member", "hal")

Rows = dict[str, dict[int, Mapping[str, Any]]]


async def rows_of(admin: asyncpg.Connection[Any], walls: Walls) -> Rows:
    """All rows of the planted company, by table and id; the last are those of the West."""
    tables = {one.table for one in _planted(walls)} | set(_PARTS.values()) | {"ownership", "plan_version", "pool"}
    found: Rows = {}
    for table in sorted(tables - {"company", "job"}):
        rows = await admin.fetch(
            f"SELECT * FROM {table} WHERE company_id = $1 ORDER BY id > {FURTHER} DESC, id", walls.planted_id
        )
        found[table] = {row["id"]: row for row in rows}
    return found


def hidden_from(insider: Insider, walls: Walls, rows: Rows) -> dict[str, Planted]:
    """The canaries that he must not see, as they would be written, and where they are."""
    mine, named = _seen_by(insider, walls, rows)

    def hidden(planted: Planted) -> bool:
        if planted.table in _NOBODYS | _ADMINS or (planted.table in _HEADS and not insider.leads):
            return True
        if planted.table in _OPEN:
            return False
        if planted.table in ("plan", "plan_version") and not insider.leads:
            return not _published(planted, rows)
        if planted.table in ("org_unit", "member"):
            owner = ("unit" if planted.table == "org_unit" else "member", planted.id)
            return owner not in (mine | named if planted.column in ("name", "key") else mine)
        owners = _owners(planted.table, planted.id, rows)
        return bool(owners) and not owners & mine

    return {text: planted for text, planted in written(walls).items() if hidden(planted)}


def hidden_rows(insider: Insider, walls: Walls, rows: Rows, table: str) -> list[int]:
    """The ids of the rows of a table of which he must not know that they are there."""
    own, named = _seen_by(insider, walls, rows)
    if table in _OPEN:
        return []
    if table == "plan":
        return [] if insider.leads else [id for id in rows[table] if not _known_to_all(id, rows)]
    if table in ("org_unit", "member"):
        kind = "unit" if table == "org_unit" else "member"
        return [id for id in rows[table] if (kind, id) not in own | named]
    if table in _HEADS and not insider.leads:
        return list(rows[table])
    return [id for id in rows.get(table, ()) if (owners := _owners(table, id, rows)) and not owners & own]


def _seen_by(insider: Insider, walls: Walls, rows: Rows) -> tuple[set[Owner], set[Owner]]:
    """Whose figures he may see, and whom else he may know of."""
    floor = walls.world.floor
    own: set[Owner] = {("unit", floor.units[name]) for name in insider.units}
    own |= {("member", floor.members[name]) for name in insider.members}
    own |= {("pool", id) for id, row in rows["pool"].items() if row["key"] in insider.pools}
    named: set[Owner] = {("unit", floor.units[name]) for name in insider.named}
    named.add((_KNOWN_TO_ALL[0], floor.members[_KNOWN_TO_ALL[1]]))
    return own, named


def written(walls: Walls) -> dict[str, Planted]:
    """Every canary as an answer would write it: amounts both in units and in hundredths."""
    found = {f"canary-{number:06}": planted for number, planted in walls.texts.items()} | walls.days
    for amount, planted in walls.amounts.items():
        found[str(amount)] = found[f"{amount // 100}.{amount % 100:02}"] = planted
    return found


def _planted(walls: Walls) -> list[Planted]:
    return [*walls.texts.values(), *walls.amounts.values(), *walls.days.values()]


def _published(planted: Planted, rows: Rows) -> bool:
    versions = rows["plan_version"].values()
    key = "plan_id" if planted.table == "plan" else "id"
    return any(one[key] == planted.id and one["status"] in ("published", "superseded") for one in versions)


def _known_to_all(plan_id: int, rows: Rows) -> bool:
    """Whether a plan was published, or calls for commitments."""
    calls = rows["plan"][plan_id]["commitments_until"] is not None
    return calls or _published(Planted("plan", plan_id, "id"), rows)


def _owners(table: str, id: int, rows: Rows) -> set[Owner]:
    row = rows.get(table, {}).get(id)
    if row is None:
        return set()
    if table == "pool":
        return {("pool", id)}
    named = {} if table in _DECIDED else row
    own = {(_OWN[name], value) for name, value in named.items() if name in _OWN and value is not None}
    if own:
        return own
    if table in ("customer", "lead"):
        return _held(table, id, rows)
    parts = [(_PARTS[name], value) for name, value in row.items() if name in _PARTS and value is not None]
    return set().union(*(_owners(whole, value, rows) for whole, value in parts))


def _held(table: str, id: int, rows: Rows) -> set[Owner]:
    """Those who hold a customer or a lead, or have a deal of the customer; else the pool in which it waits."""
    column = f"{table}_id"
    naming = [row for row in rows["ownership"].values() if row[column] == id]
    if table == "customer":
        naming += [row for row in rows["opportunity"].values() if row[column] == id]
    held = {(_OWN[name], row[name]) for row in naming for name in _OWN if row.get(name) is not None}
    return held or {("pool", row["pool_id"]) for row in naming if row.get("pool_id") is not None}
