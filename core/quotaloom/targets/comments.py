"""What people say of a unit's month in a plan: one thread per cell, which belongs to the plan and not to a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.plan_months import month_of_plan
from quotaloom.targets.plans import NO_PLAN, load_plan

MOST_COMMENTS: Final = 500
"""How many comments the thread of one cell may have."""


@dataclass(frozen=True, slots=True)
class CommentPage:
    """Some comments, the latest first, and how many there are."""

    rows: list[Record]
    total: int


async def add_comment(work: Work, plan_id: int, unit_id: int, month: str, text: str) -> int:
    """Say something of a unit's month; returns the comment's id.

    Whoever plans for the unit or heads it, and, once the plan is published, whoever holds the position. Raises
    `NotFound`, `AccessDenied`, `InputError` BAD_MONTH, TEXT_MISSING, TOO_MANY_COMMENTS.
    """
    said = checked_text(text, ("text",), "a comment")
    if said is None:
        raise InputError("TEXT_MISSING", "a comment says something", ("text",))
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        plan = await load_plan(snapshot, plan_id)
        if plan.published_id is None and not sight.plans:
            raise NotFound("NOT_FOUND", NO_PLAN, ("planId",))
        unit = await snapshot.fetch_one("SELECT 1 FROM org_unit WHERE id = $1", unit_id)
        if unit is None or not (sight.plans_everything or sight.sees_unit(unit_id)):
            raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
        if not may_comment(sight, unit_id, published=plan.published_id is not None):
            raise AccessDenied("cells are commented on by those who plan for them, and by who holds the position")
    days = month_of_plan(fiscal_calendar(work.company), plan, month, ("month",))

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(f"comments:{plan_id}")
        await _refuse_too_many(transaction, plan_id, unit_id, days.starts_on)
        row = await transaction.fetch_one(
            "INSERT INTO cell_comment (company_id, plan_id, unit_id, starts_on, ends_on, text, at, author, author_id)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
            transaction.company_id,
            plan_id,
            unit_id,
            days.starts_on,
            days.ends_on,
            said,
            transaction.now,
            transaction.writer.subject,
            transaction.writer.member_id,
        )
        assert row is not None
        comment_id: int = row["id"]
        after = {"plan": plan_id, "unit": unit_id, "month": month, "text": said}
        transaction.record("comment.add", "CellComment", comment_id, after=after)
        transaction.publish("comment.added", id=comment_id, plan=plan_id, unit=unit_id)
        return comment_id

    return await work.write(apply)


async def resolve_comment(work: Work, comment_id: int, *, resolved: bool) -> None:
    """Mark a comment as settled, or take that back: its author, and whoever plans for its unit or heads it.

    Raises `NotFound`, `AccessDenied`. Nothing is written where it is so already.
    """
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        found = await comments_by_id(snapshot, sight, [comment_id])
    if not found:
        raise NotFound("NOT_FOUND", "there is no such comment that you can see", ("commentId",))
    if not may_resolve(sight, work.viewer, found[0]):
        raise AccessDenied("a comment is resolved by its author, and by those who plan for its unit")
    comment = found[0]

    async def apply(transaction: Transaction) -> None:
        row = await transaction.fetch_one(
            "UPDATE cell_comment SET resolved_at = $2, resolved_by = $3 WHERE id = $1"
            " AND (resolved_at IS NULL) = ($2::timestamptz IS NOT NULL) RETURNING id",
            comment_id,
            transaction.now if resolved else None,
            transaction.writer.subject if resolved else None,
        )
        if row is None:
            return
        before, after = {"resolved": not resolved}, {"resolved": resolved}
        verb = "resolve" if resolved else "reopen"
        transaction.record(f"comment.{verb}", "CellComment", comment_id, before=before, after=after)
        topic = "comment.resolved" if resolved else "comment.reopened"
        transaction.publish(topic, id=comment_id, plan=comment["plan_id"], unit=comment["unit_id"])

    await work.write(apply)


def may_comment(sight: Sight, unit_id: int, *, published: bool) -> bool:
    """Whether the viewer may say something of the unit's cells."""
    return sight.may_plan(unit_id) or (published and sight.holds(unit_id))


def may_resolve(sight: Sight, viewer: Viewer, comment: Record) -> bool:
    """Whether the viewer may settle a comment that he sees."""
    if sight.may_plan(comment["unit_id"]):
        return True
    return viewer.member_id is not None and comment["author_id"] == viewer.member_id


async def _refuse_too_many(transaction: Transaction, plan_id: int, unit_id: int, starts_on: date) -> None:
    row = await transaction.fetch_one(
        "SELECT count(*) AS number FROM cell_comment WHERE plan_id = $1 AND unit_id = $2 AND starts_on = $3",
        plan_id,
        unit_id,
        starts_on,
    )
    assert row is not None
    if row["number"] >= MOST_COMMENTS:
        raise InputError(
            "TOO_MANY_COMMENTS", f"there are {row['number']} comments on this month, and that is the most", ("text",)
        )


# Those who lead a unit, or see everything, see all of it; a holder what was said since the plan was first published.
_SEEN = (
    "($1 OR c.unit_id = ANY($2::bigint[]) OR (c.unit_id = ANY($3::bigint[]) AND c.at > (SELECT min(v.published_at)"
    " FROM plan_version v WHERE v.plan_id = c.plan_id)))"
)

_COLUMNS = (
    "c.id, c.plan_id, c.unit_id, c.starts_on, c.ends_on, c.text, c.at, c.author, c.author_id, c.resolved_at,"
    " c.resolved_by"
)


def _seen_by(sight: Sight) -> tuple[bool, list[int], list[int]]:
    return sight.everything, list(sight.led_unit_ids), list(sight.held_unit_ids)


async def comments_by_id(snapshot: Snapshot, sight: Sight, ids: Sequence[int]) -> list[Record]:
    """Comments by id, of those that the viewer may read."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM cell_comment c WHERE {_SEEN} AND c.id = ANY($4::bigint[])",  # noqa: S608 (constants)
        *_seen_by(sight),
        list(ids),
    )


async def comments_of_cells(snapshot: Snapshot, sight: Sight, cells: Sequence[tuple[int, int, date]]) -> list[Record]:
    """What was said of cells, each a plan, a unit and the first day of a month; the earliest first."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM cell_comment c WHERE {_SEEN} AND (c.plan_id, c.unit_id, c.starts_on) IN"  # noqa: S608
        " (SELECT * FROM unnest($4::bigint[], $5::bigint[], $6::date[])) ORDER BY c.at, c.id",
        *_seen_by(sight),
        *(list(column) for column in zip(*cells, strict=True)),
    )


async def comments_of_plans(
    snapshot: Snapshot,
    sight: Sight,
    plan_ids: Sequence[int],
    *,
    under: int | None,
    resolved: bool | None,
    today: date,
    offset: int,
    limit: int,
) -> dict[int, CommentPage]:
    """What was said in plans, the latest first: a page for each plan, in one statement.

    Only of the subtree of `under` on `today`, itself included, and only what is `resolved` or is not; None for all.
    """
    # The first row of each plan is always there, since it carries the count.
    rows = await snapshot.fetch(
        "SELECT * FROM (SELECT " + _COLUMNS + ", count(*) OVER (PARTITION BY c.plan_id) AS total,"  # noqa: S608
        " row_number() OVER (PARTITION BY c.plan_id ORDER BY c.at DESC, c.id DESC) AS place FROM cell_comment c"
        f" WHERE {_SEEN} AND c.plan_id = ANY($4::bigint[]) AND ($5::bool IS NULL OR (c.resolved_at IS NOT NULL) = $5)"
        " AND ($6::bigint IS NULL OR c.unit_id IN (SELECT unit_id FROM unit_path WHERE ancestor_id = $6"
        " AND valid_from <= $7 AND $7 < valid_to))) AS listed"
        " WHERE (place > $8 AND place <= $8 + $9) OR place = 1 ORDER BY plan_id, place",
        *_seen_by(sight),
        list(plan_ids),
        resolved,
        under,
        today,
        offset,
        limit,
    )
    pages = {plan_id: CommentPage([], 0) for plan_id in plan_ids}
    for row in rows:
        kept = [row] if offset < row["place"] <= offset + limit else []
        pages[row["plan_id"]] = CommentPage([*pages[row["plan_id"]].rows, *kept], row["total"])
    return pages
