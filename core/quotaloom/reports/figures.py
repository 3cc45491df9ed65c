"""Attainment of the units or members of a report, as far as the reader sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counting_of
from quotaloom.platform.unit_of_work import Record
from quotaloom.reports.requests import Reader, ReportRequest
from quotaloom.reports.subjects import Subject
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_member, attainment_by_unit


def question_of(
    reader: Reader, request: ReportRequest, period: Period, metric: Record, keys: Mapping[int, str]
) -> AttainmentQuestion:
    """What a report asks of a metric; `keys` are those of all metrics, by number."""
    counting = counting_of(metric)
    return AttainmentQuestion(
        metric_id=metric["id"],
        metric_key=keys[counting.metric_id],
        scale=metric["scale"],
        lower_is_better=metric["lower_is_better"],
        periods=(period,),
        today=reader.work.today,
        structure=request.structure,
        as_of=request.as_of,
        counting=counting,
    )


async def figures_by_subject(
    reader: Reader, question: AttainmentQuestion, subjects: Sequence[Subject], *, ranked: bool
) -> dict[int, Figures]:
    """The figures of units, or of members, by number, those with nothing included.

    Of other members the reader sees what falls in the subtrees that he heads; with `ranked` all of it where rankings
    are open to everybody.
    """
    ids = [subject.id for subject in subjects]
    if not ids:
        return {}
    if not subjects[0].of_member:
        currency = reader.work.company.currency
        rows = await attainment_by_unit(reader.snapshot, reader.calendar, currency, ids, question)
        return {row.subject_id: row for row in rows}
    found: dict[int, Figures] = {}
    open_to_all = ranked and reader.work.company.members_see_rankings
    for member_ids, positions in [(ids, None)] if open_to_all else reader.sight.positions_of(ids):
        asked = replace(question, position_ids=positions)
        rows = await attainment_by_member(reader.snapshot, reader.calendar, member_ids, asked)
        found.update({row.subject_id: row for row in rows})
    return found
