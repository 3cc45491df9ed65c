"""Asking for figures of the funnel, and the deals that they are of."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.funnels.commands.stage_changes import lose_opportunity, move_opportunity, win_opportunity
from tests.integration.funnels.floors import HOST, Floor
from tests.integration.graph.asking import ask, gid


async def of_funnel(floor: Floor, arguments: str, fields: str, who: str | None = None) -> list[dict[str, Any]]:
    """The figures of the funnel."""
    query = f'{{ funnel(key: "sales") {{ figures({arguments}) {{ {fields} }} }} }}'
    found: list[dict[str, Any]] = (await ask(floor, query, who))["funnel"]["figures"]
    return found


async def of_unit(floor: Floor, unit: str, arguments: str, fields: str, who: str | None = None) -> list[dict[str, Any]]:
    """The figures of a unit."""
    field = f"funnelFigures(funnel: $f, {arguments}) {{ {fields} }}"
    query = f"query ($f: ID!, $u: ID!) {{ orgUnit(id: $u) {{ {field} }} }}"
    ids = {"f": gid("Funnel", floor.funnel), "u": gid("OrgUnit", floor.units[unit])}
    found: list[dict[str, Any]] = (await ask(floor, query, who, **ids))["orgUnit"]["funnelFigures"]
    return found


async def won(floor: Floor, position: str, amount: int, opened_on: date | None, closed_on: date, **values: Any) -> int:
    """A deal that was won."""
    deal = await floor.open(position, amount=amount, opened_on=opened_on, **values)
    await win_opportunity(floor.work, HOST, deal, on=closed_on)
    return deal


async def lost(floor: Floor, position: str, closed_on: date, **values: Any) -> int:
    """A deal that was lost."""
    deal = await floor.open(position, **values)
    await lose_opportunity(floor.work, deal, on=closed_on)
    return deal


async def climb(floor: Floor, position: str, opened_on: date | None, *moves: tuple[str, date], **values: Any) -> int:
    """A deal that came into the first stage on a day, and into each further one on its day."""
    deal = await floor.open(position, opened_on=opened_on, **values)
    for stage, day in moves:
        await move_opportunity(floor.work, HOST, deal, floor.stages[stage], on=day)
    return deal


async def write(floor: Floor, sql: str, *values: Any) -> None:
    """Change rows as no command does."""

    async def apply(transaction: Any) -> None:
        await transaction.execute(sql, *values)

    await floor.work.write(apply)
