"""Adjusting the forecast of a unit's period."""

from __future__ import annotations

from dataclasses import dataclass

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.funnels.forecasting import FORECAST, ForecastCategory, adjustments, standing
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.reads import funnels_by_id
from quotaloom.organizations.reads import units
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.ownership.permission import unknown
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class NewAdjustment:
    """What is added to the forecast of a category for a period by its label; `amount` in minor units, or below zero.

    It takes the place of the one before; 0 takes that back.
    """

    unit_id: int
    funnel_id: int
    period: str
    category: ForecastCategory
    amount: int
    reason: str | None


async def adjust_forecast(work: Work, new: NewAdjustment) -> None:
    """Put a head's judgement beside what a unit's deals say; earlier ones are kept.

    Needs an admin, a service with `funnels:write`, or whoever heads the unit or one above it today. Raises `NotFound`,
    `AccessDenied`, `InputError` REASON_NEEDED, BAD_CATEGORY for omitted deals, BAD_PERIOD, TOO_LARGE.
    """
    reason = checked_reason(new.reason)
    if reason is None:
        raise InputError("REASON_NEEDED", "say why: a forecast is adjusted with a reason", ("reason",))
    if new.category not in FORECAST:
        raise InputError("BAD_CATEGORY", f"{new.category} deals are in no forecast: choose another", ("category",))
    if abs(new.amount) > LARGEST:
        raise InputError("TOO_LARGE", "the amount does not fit into 64 bits of minor units", ("amount",))
    async with work.snapshot() as snapshot:
        await _require_right(snapshot, work, new.unit_id)
        if not may_be_id(new.funnel_id) or not await funnels_by_id(snapshot, [new.funnel_id]):
            raise unknown("funnel", new.funnel_id, ("funnelId",))
    period = _period(work, new.period)

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(f"forecast:{new.unit_id}:{new.funnel_id}")
        before = standing(await adjustments(transaction, [new.unit_id], [new.funnel_id], [period])).get(new.category)
        await _insert(transaction, new, period, reason)
        facts = {"funnel": new.funnel_id, "period": period.label, "category": new.category}
        transaction.record(
            "forecast.adjust",
            "OrgUnit",
            new.unit_id,
            before=None if before is None else facts | {"amount": before.amount},
            after=facts | {"amount": new.amount},
            reason=reason,
        )
        transaction.publish("forecast.adjusted", unit=new.unit_id, funnel=new.funnel_id)

    await work.write(apply)


def may_adjust(viewer: Viewer, sight: Sight, unit_id: int) -> bool:
    """Whether the viewer may adjust the forecast of a unit: admins and sellers' services any, heads what they lead."""
    leads = viewer.role is not Role.SERVICE and sight.may_plan(unit_id)
    return viewer.may(Scope.FUNNELS) or leads


async def _require_right(snapshot: Snapshot, work: Work, unit_id: int) -> None:
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    may = may_adjust(work.viewer, sight, unit_id)
    if not may_be_id(unit_id) or not (may or sight.sees_unit(unit_id)) or not await units(snapshot, [unit_id]):
        raise unknown("unit", unit_id, ("orgUnitId",))
    if not may:
        raise AccessDenied("a forecast is adjusted by those who head the unit or one above it, and by admins")


def _period(work: Work, label: str) -> Period:
    try:
        return fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at("period") from None


async def _insert(transaction: Transaction, new: NewAdjustment, period: Period, reason: str) -> None:
    await transaction.execute(
        "INSERT INTO forecast_adjustment (company_id, unit_id, funnel_id, starts_on, ends_on, category, amount, reason,"
        " at, actor, author_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        transaction.company_id,
        new.unit_id,
        new.funnel_id,
        period.starts_on,
        period.ends_on,
        new.category.value,
        new.amount,
        reason,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
    )
