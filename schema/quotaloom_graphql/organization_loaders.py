"""Loaders of units and members: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import strawberry

from quotaloom.funnels.commands.forecasts import may_adjust
from quotaloom.organizations import reads
from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Record
from quotaloom.pool.schedules import scheduled_by
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.enums import OrgUnitKind
from quotaloom_graphql.nodes import optional_id
from strawberry_breadth import asked

OnDay = Annotated[date | None, strawberry.argument(description="As the tree stood on this day; today if not given.")]


async def _visible_names(info: Info, keys: list[int]) -> list[int]:
    return (await info.context.sight()).named_units(keys)


async def load_units(keys: list[int], info: Info) -> list[Record]:
    """Units by number, of those whose name the viewer may see."""
    return await named_units(info.context, keys, asked(info))


async def named_units(context: RequestContext, keys: list[int], columns: frozenset[str] | None = None) -> list[Record]:
    """The same for whoever needs units that no field answers with."""
    visible = (await context.sight()).named_units(keys)
    return await reads.units(context.snapshot, visible, columns) if visible else []


NOWHERE: Final = 0
"""The number of no unit: what is filtered by it is nothing."""


async def filtering_unit(context: RequestContext, global_id: str | None, argument: str) -> int | None:
    """The unit that a list is filtered by, None for all; `NOWHERE` for one of which the viewer may not know.

    The past tree, or a position that he held, may have it above what he sees: a filter would tell so.
    """
    unit_id = optional_id(global_id, "OrgUnit", (argument,))
    return unit_id if unit_id is None or (await context.sight()).names_unit(unit_id) else NOWHERE


async def load_children(keys: list[int], info: Info, on: OnDay = None) -> list[Record]:
    """Children in tree order, of those whose name the viewer may see."""
    sight = await info.context.sight()
    day = on or await info.context.today()
    return sight.rows_of_units(await reads.children(info.context.snapshot, keys, day, asked(info)))


async def load_parent(keys: list[int], info: Info, on: OnDay = None) -> list[Record]:
    """The parent of each unit."""
    sight = await info.context.sight()
    day = on or await info.context.today()
    return sight.rows_of_units(await reads.parents(info.context.snapshot, keys, day, asked(info)))


async def load_ancestors(keys: list[int], info: Info, on: OnDay = None) -> list[Record]:
    """The units above, the root first."""
    sight = await info.context.sight()
    day = on or await info.context.today()
    return sight.rows_of_units(await reads.ancestors(info.context.snapshot, keys, day, asked(info)))


async def load_descendants(
    keys: list[int],
    info: Info,
    on: OnDay = None,
    kind: Annotated[OrgUnitKind | None, strawberry.argument(description="Only units of this kind.")] = None,
    depth: Annotated[int | None, strawberry.argument(description="How many levels down; all if not given.")] = None,
) -> list[Record]:
    """The units below, each before what lies below it, in tree order."""
    sight = await info.context.sight()
    day, kinds = on or await info.context.today(), None if kind is None else [kind.value]
    rows = sight.rows_of_units(await reads.descendants(info.context.snapshot, keys, day, kinds, asked(info)))
    return rows if depth is None else [row for row in rows if row["depth"] <= depth]


async def load_holders(
    keys: list[int],
    info: Info,
    on: Annotated[
        date | None, strawberry.argument(description="Only who holds it on this day; all if not given.")
    ] = None,
) -> list[Record]:
    """Who holds a position, from when to when, of those the viewer may see by name."""
    sight = await info.context.sight()
    return sight.rows_of_members(await reads.holders(info.context.snapshot, sight.named_units(keys), on, asked(info)))


async def load_heads(
    keys: list[int],
    info: Info,
    on: Annotated[
        date | None, strawberry.argument(description="Only who heads it on this day; all if not given.")
    ] = None,
) -> list[Record]:
    """Who heads a unit, from when to when; a unit that one may see by name shows the name of its head."""
    return await reads.heads(info.context.snapshot, await _visible_names(info, keys), on, asked(info))


async def load_current_head(keys: list[int], info: Info) -> list[Record]:
    """Who heads a unit today."""
    today = await info.context.today()
    return await reads.heads(info.context.snapshot, await _visible_names(info, keys), today, asked(info))


_PERSONAL: Final = frozenset({"email", "joined_on", "left_on"})
"""Of a member, what only those are told who may see his figures."""


async def load_members(keys: list[int], info: Info) -> list[Any]:
    """Members by number; whoever asks has come to them by a row that he may see.

    Of a member whose figures he may not see he learns the name, not the address or the dates.
    """
    sight, columns = await info.context.sight(), asked(info)
    rows = await reads.members(info.context.snapshot, keys, columns)
    hidden = dict.fromkeys(_PERSONAL if columns is None else _PERSONAL & columns)
    if sight.everything or not hidden:
        return rows
    return [row if sight.sees_member(row["id"]) else {**row, **hidden} for row in rows]


async def load_named_members(keys: list[int], info: Info) -> list[Any]:
    """Members by number, of those whose name the viewer may see."""
    sight = await info.context.sight()
    return await load_members([key for key in keys if sight.names_member(key)], info)


async def load_holdings(keys: list[int], info: Info) -> list[Record]:
    """Holdings by number, of positions and members that the viewer may see by name."""
    sight = await info.context.sight()
    rows = sight.rows_of_units(await reads.holdings_by_id(info.context.snapshot, keys), "position_id")
    return sight.rows_of_members(rows)


async def load_headships(keys: list[int], info: Info) -> list[Record]:
    """Headships by number, of units that the viewer may see by name."""
    sight = await info.context.sight()
    return sight.rows_of_units(await reads.headships_by_id(info.context.snapshot, keys), "unit_id")


async def load_positions(
    keys: list[int],
    info: Info,
    on: Annotated[
        date | None, strawberry.argument(description="Only those held on this day; all if not given.")
    ] = None,
) -> list[Record]:
    """The positions that a member holds, of members whose figures and positions whose names the viewer may see."""
    sight = await info.context.sight()
    visible = [key for key in keys if sight.sees_member(key)]
    rows = await reads.positions(info.context.snapshot, visible, on, asked(info)) if visible else []
    return sight.rows_of_units(rows, "position_id")


async def load_headed_units(keys: list[int], info: Info) -> list[Record]:
    """The units a member heads today."""
    sight = await info.context.sight()
    today = await info.context.today()
    return sight.rows_of_units(await reads.headed_units(info.context.snapshot, keys, today, asked(info)), "unit_id")


async def load_unit_rights(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with each unit."""
    viewer, sight = (await info.context.work()).viewer, await info.context.sight()
    everywhere = sight.plans_everything
    return [
        {
            "unit_id": key,
            "edit": viewer.may(Scope.ORGANIZATION),
            "plan": everywhere or (sight.may_plan(key) and not sight.heads(key)),
            "plan_below": everywhere or sight.may_plan(key),
            "set_own_goal": key in sight.held_unit_ids,
            "commit": sight.may_plan(key) or sight.holds(key),
            "comment": sight.may_plan(key) or sight.holds(key),
            "adjust_forecast": may_adjust(viewer, sight, key),
        }
        for key in keys
    ]


async def load_member_rights(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with each member."""
    work = await info.context.work()
    may_edit = work.viewer.may(Scope.ORGANIZATION)
    scheduled = await scheduled_by(info.context.snapshot, work.viewer, work.today, keys)
    sight = await info.context.sight()
    return [
        {
            "member_id": key,
            "edit": may_edit,
            "schedule": key in scheduled,
            "ask_what_if": sight.sees_member(key),
        }
        for key in keys
    ]
