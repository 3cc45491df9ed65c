"""Who stands where: everybody's place, and the place before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from quotaloom.organizations import reads
from quotaloom.organizations.pages import MemberFilter, UnitFilter, page_of_members, page_of_units
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_member, attainment_by_unit
from quotaloom.targets.comparisons import Earlier, earlier_period
from quotaloom.targets.rankings import RankedBy, ranked
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import OrgUnitKind

EVERYBODY = 100_000


@dataclass(frozen=True, slots=True)
class Contest:
    """What is ranked: units of a kind, or members where it is None, by what, and below which unit.

    The question has one period.
    """

    question: AttainmentQuestion
    of: OrgUnitKind | None
    by: RankedBy
    under: int | None


async def places(info: Info, contest: Contest) -> list[dict[str, Any]]:
    """Everybody's row, best first, whether the viewer may see it or not."""
    attainments = await (_of_members(info, contest) if contest.of is None else _of_units(info, contest, contest.of))
    return [
        {
            "unit_id": row["unit_id"],
            "member_id": row["member_id"],
            "rank": rank,
            "attainment": row,
            "contest": contest,
        }
        for rank, row in ranked(attainments, contest.by, lower_is_better=contest.question.lower_is_better)
    ]


async def within_sight(info: Info, contest: Contest, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of members, without the attainment where it has more in it than the viewer may see of the member."""
    context = info.context
    sight, calendar = await context.sight(), await context.calendar()
    if sight.everything:
        return list(rows)
    seen: dict[int, Figures] = {}
    for member_ids, positions in sight.positions_of([row["member_id"] for row in rows]):
        asked = replace(contest.question, position_ids=positions)
        found = await attainment_by_member(context.snapshot, calendar, member_ids, asked)
        seen.update({row.subject_id: row for row in found})

    def shown(row: dict[str, Any]) -> Figures | None:
        part = seen[row["member_id"]]
        return part if part.sums == row["attainment"].sums else None

    return [{**row, "attainment": shown(row)} for row in rows]


async def load_ranked_units(keys: list[int], info: Info) -> list[Record]:
    """The units of rows that the viewer may see, by name at least, whether he sees their figures elsewhere or not."""
    return await reads.units(info.context.snapshot, keys)


async def load_previous_ranks(parents: list[Any], info: Info) -> list[int | None]:
    """The ranks in the period right before, one answer for each row."""

    async def load() -> dict[int, int]:
        contest: Contest = parents[0]["contest"]
        (period,) = contest.question.periods
        before = earlier_period((await info.context.calendar()).fiscal, period, Earlier.PREVIOUS_PERIOD)
        if before is None:
            return {}
        rows = await places(info, replace(contest, question=replace(contest.question, periods=(before,))))
        return {_subject_of(row): row["rank"] for row in rows}

    ranks = await info.context.once_for(parents, "previous ranks", load)
    return [ranks.get(_subject_of(row)) for row in parents]


async def load_movements(parents: list[Any], info: Info) -> list[int | None]:
    """How many places each row has climbed since then."""
    before = await load_previous_ranks(parents, info)
    return [None if rank is None else rank - row["rank"] for row, rank in zip(parents, before, strict=True)]


def _subject_of(row: dict[str, Any]) -> int:
    subject: int = row["member_id"] or row["unit_id"]
    return subject


async def _of_units(info: Info, contest: Contest, kind: OrgUnitKind) -> list[Figures]:
    context, question = info.context, contest.question
    wanted = UnitFilter(kinds=[kind.value], under=contest.under, include_closed=True)
    found = await page_of_units(context.snapshot, question.day, wanted, "name", EVERYBODY)
    (period,) = question.periods
    ids = [
        row["id"]
        for row in found.rows
        if (row["opened_on"] is None or row["opened_on"] < period.ends_on)
        and (row["closed_on"] is None or row["closed_on"] > period.starts_on)
    ]
    currency = (await context.work()).company.currency
    return await attainment_by_unit(context.snapshot, await context.calendar(), currency, ids, question)


async def _of_members(info: Info, contest: Contest) -> list[Figures]:
    context, question = info.context, contest.question
    wanted = MemberFilter(under=contest.under, include_left=True)
    found = await page_of_members(context.snapshot, question.day, wanted, "name", EVERYBODY)
    (period,) = question.periods
    ids = [
        row["id"]
        for row in found.rows
        if (row["joined_on"] is None or row["joined_on"] < period.ends_on)
        and (row["left_on"] is None or row["left_on"] > period.starts_on)
    ]
    return await attainment_by_member(context.snapshot, await context.calendar(), ids, question)
