"""Targets out of an edited template: a preview of what it changes, and the same call that stores it."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from quotaloom.importing.templates.commands import import_targets
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import BeyondLimit, InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.enums import FileFormat
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.plan_loaders import all_known, load_plans
from quotaloom_graphql.plans import Plan
from strawberry_breadth import batch

MOST_SHOWN = 10_000
"""How many changes one field lists. No setting: the schema says so, and `skip` reaches the others."""


@strawberry.enum(description="One of the three values of a cell.")
class TargetLine(StrEnum):
    """A line."""

    TARGET = "target"
    ASSESSMENT = "assessment"
    STRETCH = "stretch"


@strawberry.input(description="An edited template of a plan's targets.")
class ImportTargetsInput:
    """A file."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    format: FileFormat = strawberry.field(description="What kind of file it is.")
    content: str = strawberry.field(description="The file, in base64; 20,000,000 bytes at the most.")
    dry_run: bool = strawberry.field(default=True, description="True tells what it changes and stores nothing.")
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.type(description="One value that the file changes.")
class TargetImportChange:
    """A change."""

    row: int = strawberry.field(description="The row of the file, as a spreadsheet counts them.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    period: str = strawberry.field(description="The month's label.")
    line: TargetLine = strawberry.field(description="Target, assessment or stretch.")
    before: Decimal | None = strawberry.field(
        description="What the plan held; null for nothing, and for a service without `graph:read`."
    )
    after: Decimal | None = strawberry.field(description="What it will hold, or holds by now; null if it is cleared.")


async def _load_changes(
    payloads: list[Any],
    info: Info,
    first: Annotated[int, strawberry.argument(description="How many changes, 10,000 at the most.")] = 500,
    skip: Annotated[int, strawberry.argument(description="How many of the first are left out.")] = 0,
) -> Sequence[Any]:
    """Some changes of each import, in the order of the file."""
    if not 0 <= first <= MOST_SHOWN or skip < 0:
        text = f"`first` lies between 0 and {MOST_SHOWN}, `skip` is 0 or more"
        raise BeyondLimit("BAD_PAGE", text, ("first",), limit="first", allowed=MOST_SHOWN, found=first)
    sight = await info.context.sight()
    return [_shown(all_known(sight, _rows(payload["changes"])), payload["scale"], first, skip) for payload in payloads]


_CHANGE = ("row", "unit_id", "period", "line", "before", "after")


def _rows(changes: Sequence[Any] | None) -> list[dict[str, Any]] | None:
    return None if changes is None else [dict(zip(_CHANGE, change, strict=True)) for change in changes]


def _shown(changes: Sequence[Any] | None, scale: int, first: int, skip: int) -> list[dict[str, Any]] | None:
    if changes is None:
        return None
    rows = changes[skip : skip + first]
    return [{**row, **{name: _text(row[name], scale) for name in ("before", "after")}} for row in rows]


@strawberry.type(description="What an edited template changes.")
class ImportTargetsPayload:
    """The changes, or what was wrong."""

    stored: bool | None = strawberry.field(description="False for a dry run, and where there is nothing to change.")
    change_count: int | None = strawberry.field(description="How many values change.")
    cell_count: int | None = strawberry.field(description="How many cells, of one unit and month, they are in.")
    changes: list[TargetImportChange] | None = batch(_load_changes, description="Each change, in the file's order.")
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    errors: list[UserError] = strawberry.field(
        description="What was wrong, a hundred faults at the most; paths are `content`, the row and the"
        " heading of the column. Empty where it was done."
    )


async def _import_targets(work: Work, input: ImportTargetsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    outcome = await import_targets(
        work, plan_id, _decoded(input.content), input.format, dry_run=input.dry_run, scenario=input.scenario
    )
    reads = work.viewer.may_read
    return {
        "plan_id": plan_id,
        "changes": [
            (one.row, one.unit_id, one.month.label, one.line, one.before if reads else None, one.after)
            for one in outcome.changes
        ],
        "scale": outcome.scale,
        "stored": outcome.stored,
        "change_count": len(outcome.changes),
        "cell_count": outcome.cells,
    }


def _decoded(content: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (NotBase64, ValueError):
        raise InputError("BAD_FILE", "the content is no base64", ("content",)) from None


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)


@strawberry.type
class TargetImportMutation:
    """Targets out of files."""

    import_targets: ImportTargetsPayload = mutation(
        _import_targets,
        weight=WHOLE_PLAN,
        description="Set what an edited template changes, all or none: admins, and heads for the units below theirs."
        " A dry run, the default, tells each change first. Templates come from `/plans/{id}/template.xlsx`.",
    )
