"""What Ann has in the East, once more for Cem in the West, so that each side has something to hide from the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from tests.integration.walls.further_rows import FURTHER

MIRRORED: Final = (
    *("customer", "opportunity", "lead", "ownership", "activity", "deal_review", "action_plan", "action_item"),
    *("achievement_entry", "achievement_balance", "quota_relief", "absence", "notification", "group_membership"),
    *("incentive_run_member", "incentive_statement", "statement_line", "dispute", "dispute_comment", "target_cell"),
    *("commitment", "cell_comment", "opportunity_line", "opportunity_document", "stage_move", "stage_approval"),
    *("opportunity_split", "win_crediting", "forecast_adjustment", "worksheet", "own_goal", "incentive_budget"),
    *("action_plan_comment", "action_plan_entry", "attribute_value"),
)
"""Tables of which Ann's and the East's rows are mirrored; each after what it refers to."""

PEOPLE: Final = {"ann": "cem", "hal": "wu"}
UNITS: Final = {"ann": "cem", "east": "west"}
FOREIGN: Final = {
    **dict.fromkeys(("member_id", "author_id", "owner_id", "reviewer_id"), "member"),
    **dict.fromkeys(("position_id", "unit_id"), "org_unit"),
    **{f"{table}_id": table for table in MIRRORED},
    "statement_id": "incentive_statement",
    "reverses_id": "achievement_entry",
    **dict.fromkeys(("part_of_id", "follows_id"), "action_plan"),
    **dict.fromkeys(("refines_id", "carried_from_id"), "action_item"),
}
BESIDE: Final = 10**6
"""By how much the mirrored ids of further rows are larger."""

KEYED: Final = {"key", "idempotency_key", "once", "request_key", "label"}
"""Columns that differ from row to row."""


async def mirror(
    connection: asyncpg.Connection[Any], columns: Mapping[str, Mapping[str, str]], company_id: int
) -> None:
    """Copy the rows, each with its references turned to the mirrored ones; rows without any stay alone."""
    turned: dict[str, dict[int, int]] = {
        "member": await _turned(connection, "member", PEOPLE, company_id),
        "org_unit": await _turned(connection, "org_unit", UNITS, company_id),
        "customer": {},
    }
    for table in MIRRORED:
        names = [name for name in columns[table] if name not in ("id", "company_id")]
        references = [name for name in names if name in FOREIGN]
        rows = await connection.fetch(f"SELECT * FROM {table} WHERE company_id = $1 ORDER BY id", company_id)
        turned.setdefault(table, {})
        for row in rows:
            if not _is_mirrored(table, row, references, turned):
                continue
            values = {name: _turn(name, row[name], turned) for name in names}
            if row["id"] > FURTHER:
                values["id"] = row["id"] + BESIDE
            if table == "ownership":
                values["pool_id"] = None  # the pools are the East's
            places = ", ".join(f"${place}" for place in range(2, len(values) + 2))
            turned[table][row["id"]] = (
                await connection.fetchval(
                    f"INSERT INTO {table} (company_id, {', '.join(values)}) VALUES ($1, {places})"
                    " ON CONFLICT DO NOTHING RETURNING id",
                    company_id,
                    *values.values(),
                )
                or row["id"]
            )


async def _turned(
    connection: asyncpg.Connection[Any], table: str, pairs: Mapping[str, str], company_id: int
) -> dict[int, int]:
    rows = await connection.fetch(f"SELECT id, key FROM {table} WHERE company_id = $1", company_id)
    ids = {row["key"]: row["id"] for row in rows}
    return {ids[one]: ids[other] for one, other in pairs.items()}


def _is_mirrored(
    table: str, row: asyncpg.Record, references: list[str], turned: Mapping[str, Mapping[int, int]]
) -> bool:
    if table == "customer":
        return bool(row["key"] == "globex" or row["name"] == "Held Customer")
    if table == "lead":
        return bool(row["status"] == "open")
    return any(row[name] in turned.get(FOREIGN[name], {}) for name in references)


def _turn(name: str, value: Any, turned: Mapping[str, Mapping[int, int]]) -> Any:
    if name in FOREIGN:
        return turned.get(FOREIGN[name], {}).get(value, value)
    return f"{value}-west" if name in KEYED and value is not None else value
