"""Scores of many units or members for many periods, in flat rows: one batched attainment for each metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.scores.reads import Component
from quotaloom.scores.weighing import contribution, shares, six_places, weighted
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_member, attainment_by_unit

Weighed = Sequence[tuple[Component, AttainmentQuestion]]
"""The components of a score, each with what is asked of its metric: the same units or members, and the same periods."""


async def scores_by_unit(
    snapshot: Snapshot, calendar: CompanyCalendar, currency: str, unit_ids: Sequence[int], weighed: Weighed
) -> list[dict[str, Any]]:
    """One row per unit and period, in that order: `unit_id`, the period, `value`, and its `components` in order.

    `value` is None where a component has no target, or one of 0; which, its parts say.
    """
    attainments = [
        await attainment_by_unit(snapshot, calendar, currency, unit_ids, question) for _, question in weighed
    ]
    return list(_rows(weighed, attainments, "unit_id"))


async def scores_by_member(
    snapshot: Snapshot, calendar: CompanyCalendar, member_ids: Sequence[int], weighed: Weighed
) -> list[dict[str, Any]]:
    """As `scores_by_unit`, with `member_id`."""
    attainments = [await attainment_by_member(snapshot, calendar, member_ids, question) for _, question in weighed]
    return list(_rows(weighed, attainments, "member_id"))


def _rows(weighed: Weighed, attainments: Sequence[list[Figures]], subject: str) -> Iterator[dict[str, Any]]:
    weights = [component.weight for component, _ in weighed]
    parts = [six_places(share) for share in shares(weights)]
    for of_one in zip(*attainments, strict=True):
        worth = [_worth(component, row) for (component, _), row in zip(weighed, of_one, strict=True)]
        yield {
            subject: of_one[0][subject],
            "period": of_one[0]["period"],
            "starts_on": of_one[0]["starts_on"],
            "ends_on": of_one[0]["ends_on"],
            "value": six_places(weighted(weights, worth)),
            "components": [
                {
                    "metric_id": component.metric_id,
                    "weight": component.weight,
                    "share": share,
                    "cap": component.cap,
                    "target": row["target"],
                    "achieved": row["achieved"],
                    "rate": row["rate"],
                    "contribution": six_places(one),
                }
                for (component, _), share, row, one in zip(weighed, parts, of_one, worth, strict=True)
            ],
        }


def _worth(component: Component, figures: Figures) -> Fraction | None:
    sums, question = figures.sums, figures.question
    return contribution(sums.achieved, sums.lines.target, component.cap, lower_is_better=question.lower_is_better)
