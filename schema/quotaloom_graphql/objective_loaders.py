"""Loaders of objectives: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import strawberry

from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Record
from quotaloom.strategy import reads
from quotaloom_graphql.context import Info
from quotaloom_graphql.questions import sees_drafts

IncludeArchived = Annotated[bool, strawberry.argument(description="Those that are archived, too.")]
FiscalYear = Annotated[int, strawberry.argument(description="The fiscal year, named after the year it starts in.")]


async def _seen(info: Info, rows: Iterable[Record]) -> list[Record]:
    """Those of the objectives that the viewer sees.

    They are the company's own, those of units that he may know of and of plans that he sees, and all that these serve.
    """
    sight = await info.context.sight()
    named = sight.units_with_names
    if named is None:
        return list(rows)

    async def load() -> frozenset[int]:
        return await reads.seen_objectives(info.context.snapshot, named, drafts=await sees_drafts(info.context))

    seen = await info.context.once("objectives", load)
    return [row for row in rows if row["id"] in seen]


async def load_objectives(keys: list[int], info: Info) -> list[Record]:
    """Objectives by number."""
    return await _seen(info, await reads.objectives_by_id(info.context.snapshot, keys))


async def load_objectives_below(keys: list[int], info: Info, include_archived: IncludeArchived = False) -> list[Record]:
    """The objectives that serve others."""
    return await _seen(info, await reads.objectives_below(info.context.snapshot, keys, archived=include_archived))


async def load_objectives_of_year(info: Info, fiscal_year: int, include_archived: bool) -> list[Record]:
    """The objectives of a fiscal year, from the top."""
    rows = await reads.objectives_of_year(info.context.snapshot, fiscal_year, archived=include_archived)
    return await _seen(info, rows)


async def load_objectives_of_units(
    keys: list[int], info: Info, fiscal_year: FiscalYear, include_archived: IncludeArchived = False
) -> list[Record]:
    """The objectives that units pursue, of units whose name the viewer may see."""
    sight = await info.context.sight()
    visible = [key for key in keys if sight.names_unit(key)]
    return await reads.objectives_of_units(info.context.snapshot, visible, fiscal_year, archived=include_archived)


async def load_objective_rights(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with each objective."""
    may = (await info.context.work()).viewer.may(Scope.TARGETS)
    return [{"edit": may} for _ in keys]
