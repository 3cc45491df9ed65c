"""A company of two offices whose report of February 2017 can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from quotaloom.organizations.commands.companies import update_company
from quotaloom.platform.database import Database
from tests.integration.graph.planned import answer, order
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1", "W 2"]}
HOLDERS = {"E 1": "Ann", "E 2": "Bo", "W 1": "Cy", "W 2": "Di"}
END = date(2017, 12, 31)

FEBRUARY = {
    "Acme": ("400.00", "300.00", "0.750000", "BELOW_TARGET"),
    "East": ("250.00", "210.00", "0.840000", "BELOW_TARGET"),
    "E 1": ("100.00", "90.00", "0.900000", "BELOW_TARGET"),
    "E 2": ("100.00", "120.00", "1.200000", "AT_TARGET"),
    "West": (None, "90.00", None, None),
    "W 1": ("100.00", "90.00", "0.900000", "BELOW_TARGET"),
    "W 2": (None, "0.00", None, None),
}
"""Target, achieved, rate and status of every unit, in tree order."""


async def sold(database: Database, **facts: Any) -> Planning:
    """In February the company aims for 400.00, East for 250.00, E 1, E 2 and W 1 for 100.00 each, West for nothing.

    E 1 sells 90.00 (and 60.00 in January), E 2 120.00, W 1 90.00, W 2 nothing.
    """
    planning = await plan_for(database, TREE, holders=HOLDERS)
    if facts:
        await update_company(planning.work, facts)
    for unit, target in (("Acme", 40_000), ("East", 25_000), ("E 1", 10_000), ("E 2", 10_000), ("W 1", 10_000)):
        await planning.set(unit, {"2017-02": target})
    await planning.publish()
    await order(planning, "E 1", date(2017, 1, 10), 6_000)
    for unit, amount in (("E 1", 9_000), ("E 2", 12_000), ("W 1", 9_000)):
        await order(planning, unit, date(2017, 2, 10), amount)
    return planning


async def report(
    planning: Planning,
    arguments: str = "",
    who: str | None = None,
    *,
    figures: str = "target achieved rate status",
    on: date = END,
    page: str = "first: 100",
    **variables: Any,
) -> dict[str, Any]:
    """The report of February, or of another period that `arguments` name."""
    period = "" if "period:" in arguments else 'period: "2017-02"'
    declared = "($top: ID!)" if "top" in variables else ""
    query = f"""query {declared} {{ attainmentReport({period} {arguments}) {{
        rows({page}) {{ totalCount pageInfo {{ hasNextPage endCursor }}
            nodes {{ name level path orgUnit {{ name }} member {{ name }} attainments {{ {figures} }} }} }}
        totals {{ name attainments {{ {figures} }} }} }} }}"""
    found: dict[str, Any] = (await answer(planning, query, who, on, **variables)).data["attainmentReport"]
    return found


def told(found: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The figures of the first metric by name, in the report's order."""
    return {row["name"]: tuple(row["attainments"][0].values()) for row in found["rows"]["nodes"]}


def names(found: Mapping[str, Any]) -> list[str]:
    """Whose rows they are, in the report's order."""
    return [row["name"] for row in found["rows"]["nodes"]]
