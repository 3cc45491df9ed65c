"""Whether targets can be reached at all: against the year before, the pipeline, and what customers could buy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from asyncpg import Record

from quotaloom.achievements.rollups import achieved_by_month
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Period, date_range
from quotaloom.funnels.pipelines import unit_pipelines
from quotaloom.funnels.worth import Worth, currency_factors
from quotaloom.metrics.built_in import REVENUE
from quotaloom.metrics.counting import counting_of
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.amounts import half_up, has_places
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom.targets.plans import PlanFacts
from quotaloom_sdk import Attributes, InvalidRequest

LARGEST_FACTOR: Final = 100
"""By how much a target may be said to pass what it is compared with; the factor has six decimal places."""

_KEYS: Final = ("customers", "repurchase_rate", "average_order")
"""The attributes of units in which a company notes what their customers could buy."""


class Beyond(StrEnum):
    """What a target is beyond."""

    HISTORY = "history"
    PIPELINE = "pipeline"
    POTENTIAL = "potential"


@dataclass(frozen=True, slots=True)
class TargetWarning:
    """A unit's year target that is beyond something, with all that it was compared with, in the metric's minor units.

    `history`: what the unit, as it is composed today, achieved in the year before; None for nothing. `pipeline`: what
    it has achieved in the plan's days so far, and its open deals that are expected to close in the rest, each × the
    win probability of its stage. `potential`: its customers × the orders of each in a year × what an order is worth,
    None where nobody knows. The last two are known of revenue alone.
    """

    unit_id: int
    name: str
    target: int
    history: int | None
    pipeline: int | None
    potential: int | None
    beyond: tuple[Beyond, ...]


# Customers with an open or a won deal, and what was won in the twelve months before today, by unit.
_WORTH = Worth(company="$1", own="$5", today="$3", currencies="$6", factors="$7", kind="$8")
_CUSTOMERS = f"""
WITH owned AS (
    SELECT ancestor_id AS unit_id, unit_id AS position_id FROM unit_path
    WHERE company_id = $1 AND ancestor_id = ANY($2::bigint[]) AND valid_from <= $3 AND $3 < valid_to
), dealt AS MATERIALIZED (
    SELECT deal.position_id, deal.customer_id, {_WORTH.column},
        stage.outcome = 'won' AND deal.closed_on >= $4 AND deal.closed_on < $3 AS lately
    FROM opportunity AS deal
    JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id AND stage.outcome IN ('open', 'won')
    {_WORTH.joins}
    WHERE deal.company_id = $1 AND deal.customer_id IS NOT NULL AND deal.position_id IN (SELECT position_id FROM owned)
)
SELECT owned.unit_id, count(DISTINCT customer_id) AS customers, count(*) FILTER (WHERE lately) AS orders,
    count(DISTINCT customer_id) FILTER (WHERE lately) AS buyers, coalesce(sum(worth) FILTER (WHERE lately), 0) AS amount
FROM (SELECT position_id, customer_id, worth, lately AND worth IS NOT NULL AS lately FROM dealt) AS dealt
JOIN owned ON owned.position_id = dealt.position_id GROUP BY owned.unit_id
"""  # noqa: S608 (names of parameters)

_TARGETS = """
SELECT c.unit_id, u.name, sum(c.target) AS target FROM target_cell c JOIN org_unit u ON u.id = c.unit_id
WHERE c.plan_version_id = $1 AND c.target IS NOT NULL AND ($2::bigint[] IS NULL OR c.unit_id = ANY($2))
GROUP BY c.unit_id, u.name
"""


async def target_warnings(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: FiscalCalendar,
    plan: PlanFacts,
    version_id: int,
    metric: Record,
    factor: Decimal,
    today: date,
    unit_ids: Collection[int] | None = None,
) -> list[TargetWarning]:
    """The units whose targets of a version pass what they are compared with by the factor, the largest target first.

    With `unit_ids` only these units. Of a metric that is better when lower, targets that are further below the history.
    Eight statements, however many units there are. Raises `InputError` BAD_FACTOR.
    """
    _check(factor)
    units = await snapshot.fetch(_TARGETS, version_id, None if unit_ids is None else list(unit_ids))
    ids = [unit["unit_id"] for unit in units]
    counting, span = counting_of(metric), date_range(plan.starts_on, plan.ends_on)
    history = await achieved_by_month(snapshot, ids, counting, [calendar.year_before(span)], today)
    pipeline: Mapping[int, int] = {}
    potential: Mapping[int, int] = {}
    if metric["key"] == REVENUE and not metric["lower_is_better"]:
        so_far = await achieved_by_month(snapshot, ids, counting, [span], today)
        pipeline = await _pipeline(snapshot, company, ids, span, today, so_far)
        potential = await _potential(snapshot, company, ids, metric["scale"], today)
    found = []
    for unit in units:
        number = unit["unit_id"]
        figures = (sum(history[number]) or None, pipeline.get(number), potential.get(number))
        beyond = _beyond(int(unit["target"]), figures, Fraction(factor), lower=metric["lower_is_better"])
        if beyond:
            found.append(TargetWarning(number, unit["name"], int(unit["target"]), *figures, beyond))
    return sorted(found, key=lambda one: (-one.target, one.name, one.unit_id))


def _check(factor: Decimal) -> None:
    if not has_places(factor, 6) or not 0 < factor <= LARGEST_FACTOR:
        message = f"the factor is above 0 and up to {LARGEST_FACTOR}, with 6 decimal places at the most"
        raise InputError("BAD_FACTOR", message, ("factor",))


def _beyond(target: int, figures: Sequence[int | None], factor: Fraction, *, lower: bool) -> tuple[Beyond, ...]:
    return tuple(
        kind
        for kind, figure in zip(Beyond, figures, strict=True)
        if figure is not None and (target * factor < figure if lower else target > figure * factor)
    )


async def _pipeline(
    snapshot: Snapshot,
    company: CompanyFacts,
    ids: Sequence[int],
    span: Period,
    today: date,
    so_far: Mapping[int, Sequence[int]],
) -> dict[int, int]:
    rest = date_range(max(span.starts_on, today), span.ends_on) if today < span.ends_on else None
    found = await unit_pipelines(snapshot, company, ids, [rest], today)
    return {number: sum(so_far[number]) + found[number].expected[0].weighted_amount for number in ids}


async def _potential(
    snapshot: Snapshot, company: CompanyFacts, ids: Sequence[int], scale: int, today: date
) -> dict[int, int]:
    """What the customers of each unit could buy in a year, as far as that is noted, or known from what they bought."""
    year_ago = today.replace(year=today.year - 1, day=min(today.day, 28))
    given = (year_ago, company.currency, *currency_factors(company.currency), RateKind.BOOKING.value)
    rows = await snapshot.fetch(_CUSTOMERS, company.id, list(ids), today, *given)
    counted = {row["unit_id"]: row for row in rows}
    noted = await attributes_of(snapshot, Subject.UNIT, ids, _KEYS)
    found = {}
    for number in ids:
        amount = _product([_noted(noted[number], key) for key in _KEYS], counted.get(number), scale)
        if amount is not None:
            found[number] = amount
    return found


def _product(noted: Sequence[Fraction | None], counted: Record | None, scale: int) -> int | None:
    """Customers × orders × worth, each as noted or else as counted; None where nobody knows."""
    customers, rate, order = noted
    worth = None if order is None else order * 10**scale
    if counted is not None:
        customers = Fraction(counted["customers"]) if customers is None else customers
        if counted["orders"]:
            rate = Fraction(counted["orders"], counted["buyers"]) if rate is None else rate
            worth = Fraction(int(counted["amount"]), counted["orders"]) if worth is None else worth
    if rate is None or worth is None:
        return None
    return half_up((customers or Fraction(0)) * rate * worth)


def _noted(attributes: Attributes, key: str) -> Fraction | None:
    """A number that is noted of a unit, 0 for one below; None for none, and where the attribute is no number."""
    try:
        number = attributes.number(key)
    except InvalidRequest:
        return None
    return None if number is None else max(Fraction(number), Fraction(0))
