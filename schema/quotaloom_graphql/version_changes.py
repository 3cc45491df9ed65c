"""What has changed from one version of a plan to another, as fields of versions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Grain
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import NotFound
from quotaloom.targets.gathering import KINDS, is_day_cell
from quotaloom.targets.version_changes import ChangePage, changed_cells, changed_units
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.version_loaders import versions_by_number
from strawberry_breadth import batch

Against = Annotated[
    int | None,
    strawberry.argument(description="The number of another version of the plan; by default the one it was made from."),
]


@strawberry.enum(description="`ADDED`: there was no value before. `REMOVED`: there is none any more.")
class ChangeKind(StrEnum):
    """What happened to a cell."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@strawberry.type(description="The three lines of a cell, or of several together.")
class TargetValues:
    """Values."""

    target: Decimal | None = strawberry.field(description="What is aimed for (目标值).")
    assessment: Decimal | None = strawberry.field(description="What is assessed against (考核值).")
    stretch: Decimal | None = strawberry.field(description="Above the target (冲刺值).")


@strawberry.type(description="A cell that differs between two versions of a plan.")
class CellChange:
    """A change."""

    kind: ChangeKind = strawberry.field(description="What happened to it.")
    period: str = strawberry.field(
        description="The label of the month, or of the day where the month is planned by the day."
    )
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    before: TargetValues = strawberry.field(description="What it held.")
    after: TargetValues = strawberry.field(description="What it holds.")
    target_difference: Decimal = strawberry.field(description="Target after − before; nothing counts as 0.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


@strawberry.type(description="The cells of a unit that differ between two versions of a plan, summed up.")
class UnitChange:
    """Changes of a unit."""

    cells: int = strawberry.field(description="How many cells differ.")
    before: TargetValues = strawberry.field(description="What those cells held together.")
    after: TargetValues = strawberry.field(description="What they hold together.")
    target_difference: Decimal = strawberry.field(
        description="Target after − before, of those cells and so of the unit's year; nothing counts as 0."
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


async def load_cell_changes(
    parents: list[Any], info: Info, against: Against = None, first: First = 50, after: After = None
) -> list[Any]:
    """A page of changed cells for each version."""
    calendar = (await info.context.calendar()).fiscal

    def shown(row: Any, scale: int) -> dict[str, Any]:
        grain = Grain.DAY if is_day_cell(row) else Grain.MONTH
        label = calendar.containing(row["starts_on"], grain).label
        return {**_change(row, scale), "kind": row["kind"], "period": label, **_days(row)}

    return await _connections(parents, info, against, (first, after), changed_cells, shown)


async def load_unit_changes(
    parents: list[Any], info: Info, against: Against = None, first: First = 50, after: After = None
) -> list[Any]:
    """A page of units with changes for each version."""

    def shown(row: Any, scale: int) -> dict[str, Any]:
        return {**_change(row, scale), "cells": row["cells"]}

    return await _connections(parents, info, against, (first, after), changed_units, shown)


async def _connections(
    parents: list[Any],
    info: Info,
    against: int | None,
    asked: tuple[int, str | None],
    read: Callable[..., Awaitable[list[ChangePage]]],
    shown: Callable[[Any, int], dict[str, Any]],
) -> list[Any]:
    context = info.context
    offset, limit = window(*asked)
    bases = await _bases(parents, info, against)
    known = [place for place, base in enumerate(bases) if not isinstance(base, NotFound | _Hidden)]
    pairs = [(parents[place]["id"], bases[place]) for place in known]
    among = (await context.sight()).units_with_figures
    pages = await read(context.snapshot, pairs, among, offset, limit) if pairs else []
    results: list[Any] = [None if isinstance(base, _Hidden) else base for base in bases]
    for place, found in zip(known, pages, strict=True):
        scale = (await context.metrics())[parents[place]["metric_id"]]["scale"]
        results[place] = page([shown(row, scale) for row in found.rows], offset, found.total)
    return results


class _Hidden:
    """Stands for a version that the viewer may not see."""


async def _bases(parents: list[Any], info: Info, against: int | None) -> list[int | NotFound | _Hidden | None]:
    """What each version is compared with: None for a version that was made from none."""
    if against is None:
        return [_Hidden() if row["base_hidden"] else row["base_id"] for row in parents]
    versions = await versions_by_number(info, [row["plan_id"] for row in parents])
    return [
        versions[row["plan_id"], against]["id"]
        if (row["plan_id"], against) in versions
        else NotFound("NOT_FOUND", f"the plan has no version {against} that you can see", ("against",))
        for row in parents
    ]


def _change(row: Mapping[str, Any], scale: int) -> dict[str, Any]:
    return {
        "unit_id": row["unit_id"],
        "before": {kind: _text(row[f"old_{kind}"], scale) for kind in KINDS},
        "after": {kind: _text(row[f"new_{kind}"], scale) for kind in KINDS},
        "target_difference": _text((row["new_target"] or 0) - (row["old_target"] or 0), scale),
    }


def _days(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"starts_on": row["starts_on"], "ends_on": row["ends_on"]}


def _text(amount: int | Decimal | None, scale: int) -> str | None:
    return None if amount is None else format_amount(int(amount), scale)
