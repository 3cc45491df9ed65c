"""Loaders of incentive rules, runs and statements: each takes all parents of a level, as far as the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import strawberry

from quotaloom.incentives import groups, reads, rules, runs
from quotaloom.incentives.duties import duties_of
from quotaloom.incentives.reads import Page, RunFilter, Seen
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.amounts import format_amount
from quotaloom.policies.settings import why_unavailable
from quotaloom_graphql.achievement_loaders import load_achievements
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.incentive_enums import RunStatus
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import filtering_unit
from quotaloom_graphql.questions import period_named

MONEY = ("total", "carried_in", "carried_out", "advanced_before", "advanced_after", "amount", "corrected")

OfUnit = Annotated[strawberry.ID | None, strawberry.argument(description="Only of whoever stood below this unit.")]
Statuses = Annotated[list[RunStatus] | None, strawberry.argument(description="Only what stands so.")]
Within = Annotated[
    str | None, strawberry.argument(description="Only periods that reach into this one, such as `2017` or `2017-06`.")
]


async def seen(context: RequestContext) -> Seen:
    """Whose statements the viewer may see."""
    sight = await context.sight()
    return Seen(None if sight.everything else sight.member_ids, sight.member_id)


def shown(row: Any, currency: str | None = None) -> dict[str, Any]:
    """A row with its amounts of money as the API writes them."""
    scale = currency_scale(currency or row["currency"])
    return {**row, **{name: format_amount(int(row[name]), scale) for name in MONEY if name in row}}


async def all_rules(info: Info) -> list[dict[str, Any]]:
    """Every setting of every rule; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return _rule_rows(info, await rules.all_rules(info.context.snapshot))


async def load_rules(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Settings of rules by number; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return _rule_rows(info, await rules.rules_by_id(info.context.snapshot, keys))


def _rule_rows(info: Info, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    registry = info.context.services.policies.registry
    return [
        {**row, "unavailable_reason": why_unavailable(registry, row["policy"], row["plugin_version"])} for row in rows
    ]


async def all_groups(info: Info) -> list[Any]:
    """Every group; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return await groups.groups_by_id(info.context.snapshot)


async def load_groups(keys: list[int], info: Info) -> list[Any]:
    """Groups by number; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return await groups.groups_by_id(info.context.snapshot, keys)


async def load_memberships(keys: list[int], info: Info) -> list[Any]:
    """Who is in groups today."""
    return await groups.memberships_of(info.context.snapshot, keys, await info.context.today())


async def load_rule_rights(keys: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with rules and groups."""
    may = (await info.context.work()).viewer.may(Scope.INCENTIVES)
    return [{"edit": may} for _ in keys]


async def runs_page(
    info: Info, first: First = 50, after: After = None, period: Within = None, status: Statuses = None
) -> dict[str, Any]:
    """Runs of which the viewer sees a statement."""
    offset, limit = window(first, after)
    span = None if period is None else await period_named(info.context, period)
    wanted = RunFilter(
        None if span is None else span.starts_on,
        None if span is None else span.ends_on,
        None if status is None else [one.value for one in status],
    )
    found = await reads.runs_page(info.context.snapshot, await seen(info.context), wanted, offset, limit)
    return page(await _told(info, found.rows), offset, found.total)


async def _told(info: Info, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Runs, with why they failed for whoever sees everything alone: that names a member."""
    everything = (await info.context.sight()).everything
    return [{**row, "failure": row["failure"] if everything else None} for row in rows]


async def load_runs(keys: list[int], info: Info) -> list[Any]:
    """Runs by number of which the viewer sees a statement."""
    return await _told(info, await reads.runs_by_id(info.context.snapshot, await seen(info.context), keys))


async def load_progress(keys: list[int], info: Info) -> list[Any]:
    """How far the computing of runs is; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return await reads.progress_of(info.context.snapshot, keys)


async def load_steps(keys: list[int], info: Info) -> list[Any]:
    """What was done with runs; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return await reads.steps_of(info.context.snapshot, keys)


async def load_warnings(keys: list[int], info: Info) -> list[Any]:
    """What could not be computed in runs; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return await reads.warnings_of(info.context.snapshot, keys)


async def load_totals(keys: list[int], info: Info) -> list[Any]:
    """What runs come to; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return [{**shown(row), "id": row["run_id"]} for row in await reads.totals_of(info.context.snapshot, keys)]


async def load_run_rules(keys: list[int], info: Info) -> list[Any]:
    """What each rule gave in runs, whose totals the viewer sees."""
    currency = (await info.context.work()).company.currency
    return [shown(row, currency) for row in await reads.rule_totals_of_runs(info.context.snapshot, keys)]


async def load_statement_rules(statements: list[Any], info: Info) -> list[list[dict[str, Any]]]:
    """What each rule gave in statements that the viewer sees."""
    ids = [one["id"] for one in statements]
    found: dict[int, list[dict[str, Any]]] = {number: [] for number in ids}
    currency = {one["id"]: one["currency"] for one in statements}
    for row in await reads.rule_totals_of_statements(info.context.snapshot, ids):
        found[row["of_id"]].append(shown(row, currency[row["of_id"]]))
    return [found[number] for number in ids]


async def load_run_statements(
    keys: list[int], info: Info, first: First = 50, after: After = None, org_unit: OfUnit = None
) -> list[dict[str, Any]]:
    """A page of each run's statements, by the member's name."""
    offset, limit = window(first, after)
    unit_id = await filtering_unit(info.context, org_unit, "orgUnit")
    found = await reads.statements_of_runs(
        info.context.snapshot, await seen(info.context), keys, unit_id, offset, limit
    )
    return [_page(found.get(key, Page()), offset) for key in keys]


async def load_member_statements(
    keys: list[int], info: Info, first: First = 50, after: After = None
) -> list[dict[str, Any]]:
    """A page of each member's statements, the latest period first."""
    offset, limit = window(first, after)
    found = await reads.statements_of_members(info.context.snapshot, await seen(info.context), keys, offset, limit)
    return [_page(found.get(key, Page()), offset) for key in keys]


def _page(found: Page, offset: int) -> dict[str, Any]:
    return page([shown(row) for row in found.rows], offset, found.total)


async def load_statements(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Statements by number."""
    rows = await reads.statements_by_id(info.context.snapshot, await seen(info.context), keys)
    return [shown(row) for row in rows]


async def load_inputs(keys: list[int], info: Info) -> list[Any]:
    """All that decided statements which the viewer sees."""
    found = await reads.inputs_of_statements(info.context.snapshot, keys)
    return [found[key] for key in keys]


async def load_lines(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The lines of statements that the viewer sees, in order."""
    return [
        {
            **shown(row),
            "explanation": orjson.loads(row["explanation"]),
            "entry_ids": orjson.loads(row["entries"]),
            "rate": reads.rate_of(row["rate"]),
        }
        for row in await reads.lines_of(info.context.snapshot, keys)
    ]


async def load_line_entries(lines: list[Any], info: Info) -> list[list[dict[str, Any]]]:
    """The ledger's entries that lines rest on, each line's in order, as far as the viewer may see them."""
    wanted = sorted({number for line in lines for number in line["entry_ids"]})
    found = {row["id"]: row for row in await load_achievements(wanted, info)} if wanted else {}
    return [[found[number] for number in line["entry_ids"] if number in found] for line in lines]


async def load_run_rights(keys: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each run as it stands."""
    viewer = (await info.context.work()).viewer
    may = viewer.may(Scope.INCENTIVES)
    person = may and viewer.role is not Role.SERVICE
    waiting = [run["id"] for run in keys if run["status"] in ("reviewed", "approved")] if person else []
    duties = await duties_of(info.context.snapshot, viewer, waiting) if waiting else {}
    return [
        {
            "compute": may and run["status"] in runs.COMPUTABLE,
            "review": may and run["status"] == "draft",
            "approve": run["status"] == "reviewed" and run["id"] in duties and duties[run["id"]].not_approve is None,
            "pay": run["status"] == "approved" and run["id"] in duties and duties[run["id"]].not_pay is None,
            "return_it": may and run["status"] in runs.RETURNABLE,
            "cancel": may and run["status"] in runs.CANCELLABLE,
        }
        for run in keys
    ]


async def run_named(info: Info, id: strawberry.ID) -> Any:
    """A run by its id; null where there is none that the viewer sees."""
    found = await load_runs([decode_id(id, "IncentiveRun", ("id",))], info)
    return found[0] if found else None
