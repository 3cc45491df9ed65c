"""Pages of ledger entries, which go on by business date and id: the ledger grows while somebody pages."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.achievements.figure_entries import Counted, count_figure_entries, figure_entries
from quotaloom.achievements.reads import Cursor, EntryPage
from quotaloom.achievements.splits import CreditKind
from quotaloom.organizations.sight import Sight
from quotaloom.platform.errors import InputError
from quotaloom.targets.attainments import Figures, by_question
from quotaloom_graphql.achievement_loaders import entry_rows, entry_units
from quotaloom_graphql.connections import After, First, window
from quotaloom_graphql.context import Info

NewestFirst = Annotated[bool, strawberry.argument(description="The latest business date first.")]


async def load_figure_achievements(
    parents: list[Figures],
    info: Info,
    first: First = 50,
    after: After = None,
    credit: Annotated[
        CreditKind | None,
        strawberry.argument(
            description="Null: what `achieved` sums. `OVERLAY`: what `overlay` sums; `DIRECT`: all that is direct."
        ),
    ] = None,
    newest_first: NewestFirst = True,
) -> list[dict[str, Any]]:
    """The entries that figures are made of, as far as the viewer may see them: a page for each attainment."""
    _, first = window(first, None)
    start = place_after(after)
    found: dict[int, dict[str, Any]] = {}
    for places in by_question(parents):
        asked = [(parents[place].subject_id, parents[place].period) for place in places]
        counted = _counted(parents[places[0]], await info.context.sight(), credit)
        pages = await figure_entries(
            info.context.snapshot, asked, counted, first=first, after=start, newest_first=newest_first
        )
        totals = await count_figure_entries(info.context.snapshot, asked, counted)
        for place, page, total in zip(places, pages, totals, strict=True):
            found[place] = await entry_connection(info, page, start, total)
    return [found[place] for place in range(len(parents))]


def _counted(figures: Figures, sight: Sight, credit: CreditKind | None) -> Counted:
    question = figures.question
    seen_units, seen_members = seen_entries(sight)
    return Counted(
        counting=question.counted,
        of_members=figures.of_member,
        tree_day=question.day if question.structure == "as_is" else None,
        position_ids=question.position_ids,
        credit=credit,
        posted_through=question.as_of,
        seen_units=seen_units,
        seen_members=seen_members,
    )


def seen_entries(sight: Sight) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The positions, and the members, whose entries the viewer may see; both None stands for all."""
    if sight.everything:
        return None, None
    return tuple(entry_units(sight)), () if sight.member_id is None else (sight.member_id,)


async def entry_connection(info: Info, page: EntryPage, start: Cursor | None, total: int) -> dict[str, Any]:
    """A connection of a page of entries that begins after `start`."""
    rows = await entry_rows(info, page.rows)
    cursors = [_cursor(row["business_date"], row["id"]) for row in rows]
    return {
        "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(rows, cursors, strict=True)],
        "nodes": rows,
        "page_info": {
            "has_next_page": page.has_next,
            "has_previous_page": start is not None,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        },
        "total_count": total,
    }


def _cursor(business_date: date, number: int) -> str:
    return b64encode(f"entry:{business_date.isoformat()}:{number}".encode()).decode()


def place_after(cursor: str | None) -> Cursor | None:
    """Where a page begins; None at the start. Raises `InputError` BAD_CURSOR."""
    if cursor is None:
        return None
    try:
        kind, day, number = b64decode(cursor, validate=True).decode().split(":")
        if kind == "entry" and number.isascii() and number.isdigit() and len(number) < 19:
            return date.fromisoformat(day), int(number)
    except (NotBase64, ValueError):
        pass
    raise InputError("BAD_CURSOR", f"{cursor[:60]!r} is no cursor of this list; use pageInfo.endCursor", ("after",))
