"""Loaders of reviews, as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import strawberry

from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Record
from quotaloom.reviews import reads
from quotaloom.reviews.calibrating import groups_of_cycles
from quotaloom.reviews.forms import PartKind, Peers
from quotaloom.reviews.live import lines_of_parts
from quotaloom.reviews.people import heads_above, rights_on
from quotaloom.reviews.reads import ReviewFilter
from quotaloom.reviews.steps import Overdue, Step
from quotaloom.targets.attainment import rate
from quotaloom_graphql.action_plan_loaders import load_action_plans
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import decode_id, optional_id

strawberry.enum(
    Step,
    name="ReviewStep",
    description="What a review waits for: the member's own score, his manager's, that he has read it, his appeal, the"
    " decision on it, the calibration of grades. `FILED` and `CANCELLED` are its ends.",
)
strawberry.enum(
    PartKind, name="ReviewPartKind", description="Scored by the attainment of a metric, or by member and manager."
)
strawberry.enum(
    Overdue,
    name="WhenOverdue",
    description="What happens to a step that is not done in time. `WAIT`: it waits on. `GO_ON`: a self score is"
    " skipped, heads above the manager may score, a confirmation counts as given, an appeal window closes, the scores"
    " stand that nobody decided on.",
)
strawberry.enum(
    Peers, name="ReviewPeers", description="Among whom grades are limited: a whole cycle, or those under one unit."
)

WaitingForMe = Annotated[
    bool, strawberry.argument(description="Only those whose turn it is yours: as member, manager, judge or admin.")
]


async def load_reviews(keys: list[int], info: Info) -> list[Record]:
    """Reviews by number."""
    await info.context.work()
    return await reads.reviews_by_id(info.context.snapshot, keys, await info.context.sight())


async def load_member_reviews(keys: list[int], info: Info) -> list[Record]:
    """The reviews of members, the latest first."""
    return await reads.reviews_of_members(info.context.snapshot, keys, await info.context.sight())


async def load_previous(keys: list[int], info: Info) -> list[Record | None]:
    """The filed review of the same member and form before each."""
    previous = await reads.previous_reviews(info.context.snapshot, keys)
    found = {row["id"]: row for row in await load_reviews(sorted(set(previous.values())), info)} if previous else {}
    return [found.get(previous.get(key, 0)) for key in keys]


async def load_parts(keys: list[int], info: Info) -> list[Record]:
    """The parts of reviews."""
    viewer = (await info.context.work()).viewer
    return await reads.parts_of_reviews(info.context.snapshot, keys, viewer.member_id)


async def load_part_attainment(parts: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The attainment of each part, as it was scored, else as it stands now."""
    lines = await lines_of_parts(info.context.snapshot, await info.context.calendar(), parts)
    return [
        None
        if line is None
        else {
            **{
                name: None if amount is None else format_amount(amount, part["scale"])
                for name in ("achieved", "target", "assessment", "stretch")
                for amount in (getattr(line, name),)
            },
            "rate": rate(line.achieved, line.target),
            "scored": part["achieved"] is not None,
        }
        for part, line in zip(parts, lines, strict=True)
    ]


async def load_steps(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What happened to reviews."""
    rows = await reads.steps_of(info.context.snapshot, keys)
    return [{**row, "before": _json(row["before"]), "after": _json(row["after"])} for row in rows]


async def load_follow_ups(keys: list[int], info: Info) -> list[Record]:
    """What was agreed on in reviews."""
    viewer = (await info.context.work()).viewer
    return await reads.follow_ups_of(info.context.snapshot, keys, viewer.member_id)


async def load_plan_follow_ups(keys: list[int], info: Info) -> list[Record]:
    """What is done in action plans of what reviews agreed on."""
    await info.context.work()
    return await reads.follow_ups_of_plans(info.context.snapshot, keys, await info.context.sight())


async def load_period_action_plans(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The action plans of each review's period, of those that the viewer may see."""
    rows = await reads.action_plans_of(info.context.snapshot, keys)
    plans = await load_action_plans(sorted({row["id"] for row in rows}), info) if rows else []
    seen = {one["id"]: one for one in plans}
    return [{**seen[row["id"]], "review_id": row["review_id"]} for row in rows if row["id"] in seen]


async def load_review_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each review."""
    viewer = (await info.context.work()).viewer
    heads = await heads_above(info.context.snapshot, [row["id"] for row in rows], await info.context.today())
    return [asdict(rights_on(row, heads[row["id"]], viewer)) for row in rows]


async def load_scoring(rows: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """What scored each review, and with what parameters; null while nobody has."""
    return [_json(row["stamp"]) for row in rows]


async def load_forms(keys: list[int], info: Info) -> list[Record]:
    """Forms by number; everybody may see by what he is judged."""
    await info.context.work()
    return await reads.forms_by_id(info.context.snapshot, keys)


async def load_versions(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Versions of forms by number."""
    return [_version(row) for row in await reads.versions_by_id(info.context.snapshot, keys)]


async def load_versions_of_forms(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """All versions of forms, the latest first."""
    return [_version(row) for row in await reads.versions_of_forms(info.context.snapshot, keys)]


async def load_version_parts(keys: list[int], info: Info) -> list[Record]:
    """The parts of versions of forms."""
    return await reads.parts_of_versions(info.context.snapshot, keys)


def _version(row: Record) -> dict[str, Any]:
    layout = orjson.loads(row["layout"])
    steps = [
        {"step": step, "days": rule["days"], "when_overdue": rule["overdue"], "remind_days": rule["remind"]}
        for step, rule in layout["steps"].items()
    ]
    grades = [{"name": one["name"], "from_score": one["from"], "share": one["share"]} for one in layout["grades"]]
    return {**row, **{name: layout[name] for name in ("most", "peers", "scorer")}, "steps": steps, "grades": grades}


async def load_cycles(keys: list[int], info: Info) -> list[Record]:
    """Cycles by number."""
    await info.context.work()
    return await reads.cycles_by_id(info.context.snapshot, keys)


async def load_progress(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """How many reviews of cycles are at which step, in the order of the steps."""
    rows = await reads.progress_of(info.context.snapshot, keys, await info.context.sight(), await info.context.today())
    order = list(Step)
    return [dict(row) for row in sorted(rows, key=lambda row: order.index(Step(row["step"])))]


async def load_groups(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Among whom grades are limited in cycles, for admins."""
    if not (await info.context.work()).viewer.is_admin:
        return []
    found = await groups_of_cycles(info.context.snapshot, keys)
    return [
        {
            "cycle_id": group.cycle_id,
            "unit_id": group.unit_id,
            "count": len(group.peers),
            "places": [asdict(one) for one in group.places],
            "proposed": [{"review_id": one.id, "grade": one.grade, "tied": one.tied} for one in group.proposed],
        }
        for group in found
    ]


async def reviews_page(
    info: Info,
    first: First = 50,
    after: After = None,
    waiting_for_me: WaitingForMe = False,
    step: Annotated[Step | None, strawberry.argument(description="Only those at this step.")] = None,
    period: Annotated[str | None, strawberry.argument(description="Only those of the period of this label.")] = None,
    cycle_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only those of this cycle.")] = None,
    form_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only those of this form.")] = None,
    member_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only those of this member.")] = None,
) -> dict[str, Any]:
    """A page of reviews that the viewer may see, the latest period first."""
    context = info.context
    viewer, sight = (await context.work()).viewer, await context.sight()
    offset, limit = window(first, after)
    ids: Sequence[int] | None = None
    if waiting_for_me:
        today = await context.today()
        ids = await reads.waiting_for(context.snapshot, sight, is_admin=viewer.is_admin, today=today)
    wanted = ReviewFilter(
        optional_id(cycle_id, "ReviewCycle", ("cycleId",)),
        optional_id(form_id, "ReviewForm", ("formId",)),
        period,
        step,
        optional_id(member_id, "Member", ("memberId",)),
        ids,
    )
    rows, total = await reads.reviews_page(context.snapshot, sight, wanted, limit=limit, offset=offset)
    return page(rows, offset, total)


async def review_forms(info: Info) -> list[Record]:
    """Every form."""
    await info.context.work()
    return await reads.all_forms(info.context.snapshot)


async def review_cycles(info: Info) -> list[Record]:
    """Every cycle, the latest period first."""
    await info.context.work()
    return await reads.cycles_by_id(info.context.snapshot)


async def review_cycle(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of a cycle.")]
) -> Record | None:
    """One cycle."""
    rows = await load_cycles([decode_id(id, "ReviewCycle", ("id",))], info)
    return rows[0] if rows else None


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
