"""Loaders of disputes: each takes all parents of a level, as far as the viewer may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import strawberry

from quotaloom.incentives import dispute_reads as reads
from quotaloom.incentives.deciders import heads_above, rights_on
from quotaloom.incentives.dispute_reads import DisputeFilter
from quotaloom.incentives.disputes import may_contest
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.access import Role
from quotaloom.platform.amounts import format_amount
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.incentive_enums import DisputeStatus
from quotaloom_graphql.incentive_loaders import load_lines, load_statements
from quotaloom_graphql.nodes import optional_id

_AMOUNTS = ("contested", "claimed", "granted")

Statuses = Annotated[list[DisputeStatus] | None, strawberry.argument(description="Only what stands so.")]
OfMember = Annotated[strawberry.ID | None, strawberry.argument(description="Only this member's.")]
WaitingForMe = Annotated[
    bool | None,
    strawberry.argument(description="Only those that you may decide on now, or only the others."),
]


async def _members(context: RequestContext) -> Collection[int] | None:
    """Whose disputes the viewer may see; None for everybody's."""
    sight = await context.sight()
    return None if sight.everything else sight.member_ids


def _told(row: Any) -> dict[str, Any]:
    scale = currency_scale(row["currency"])
    amounts = {name: None if row[name] is None else format_amount(row[name], scale) for name in _AMOUNTS}
    decided = row["decided_at"] is not None
    decision = {
        "granted": row["status"] == "granted",
        "amount": amounts["granted"],
        "reason": row["reason"],
        "at": row["decided_at"],
        "by": row["decided_by"],
        "decided_by_id": row["decided_by_id"],
    }
    return {**row, **amounts, "decision": decision if decided else None}


async def disputes_page(
    info: Info,
    first: First = 50,
    after: After = None,
    status: Statuses = None,
    member: OfMember = None,
    waiting_for_me: WaitingForMe = None,
) -> dict[str, Any]:
    """A page of disputes, the latest first."""
    context = info.context
    offset, limit = window(first, after)
    members = await _members(context)
    wanted = DisputeFilter(
        optional_id(member, "Member", ("member",)),
        None if status is None else [one.value for one in status],
        waiting_for_me,
        (await context.work()).viewer.member_id,
        None if waiting_for_me is None else await _judges(context, members),
    )
    found = await reads.disputes_page(context.snapshot, members, wanted, offset, limit)
    return page([_told(row) for row in found.rows], offset, found.total)


async def _judges(context: RequestContext, members: Collection[int] | None) -> list[int] | None:
    """Those above whom the viewer decides; None for all."""
    viewer = (await context.work()).viewer
    if viewer.is_admin:
        return None
    if viewer.role is not Role.MEMBER:
        return []
    judges = await reads.judges_of_open(context.snapshot, members)
    above = await heads_above(context.snapshot, judges, await context.today())
    return [judge_id for judge_id in judges if viewer.member_id in above[judge_id]]


async def load_disputes(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Disputes by number."""
    context = info.context
    return [_told(row) for row in await reads.disputes_by_id(context.snapshot, await _members(context), keys)]


async def load_statement_disputes(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The disputes about statements, the earliest first."""
    context = info.context
    return [_told(row) for row in await reads.disputes_of_statements(context.snapshot, await _members(context), keys)]


async def load_comments(keys: list[int], info: Info) -> list[Any]:
    """What was said in disputes that the viewer sees."""
    return await reads.comments_of(info.context.snapshot, keys)


async def load_disputed_lines(disputes: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The line that each dispute is about, as it is now; none where it is about no line, or the line is gone."""
    about = {one["statement_id"] for one in disputes if one["rule_key"] is not None} - {None}
    lines = await _lines(about, info)
    found = {(line["statement_id"], line["rule_key"], line["line_key"]): line for of in lines.values() for line in of}
    return [found.get((one["statement_id"], one["rule_key"], one["line_key"])) for one in disputes]


async def load_corrections(disputes: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The line that each dispute brought, with its statement, as far as the viewer may see that."""
    granted = [one["id"] for one in disputes if one["decision"] is not None and one["decision"]["granted"]]
    rows = await reads.corrections_of(info.context.snapshot, granted) if granted else []
    lines = await _lines({row["statement_id"] for row in rows}, info)
    found = {
        line["dispute_id"]: {"statement_id": statement_id, "line": line}
        for statement_id, of_statement in lines.items()
        for line in of_statement
        if line["dispute_id"] is not None
    }
    return [found.get(one["id"]) for one in disputes]


async def _lines(statement_ids: Collection[int], info: Info) -> Mapping[int, list[dict[str, Any]]]:
    """The lines of those of the statements that the viewer sees."""
    seen = [row["id"] for row in await load_statements(sorted(statement_ids), info)] if statement_ids else []
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in await load_lines(seen, info) if seen else ():
        found[line["statement_id"]].append(line)
    return found


async def load_dispute_rights(disputes: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each dispute."""
    context = info.context
    viewer = (await context.work()).viewer
    rights = await rights_on(context.snapshot, viewer, await context.sight(), disputes, await context.today())
    return [asdict(one) for one in rights]


async def load_statement_rights(statements: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each statement."""
    work = await info.context.work()
    return [{"contest": may_contest(work, one)} for one in statements]
