"""What units may spend on incentives in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work

_COLUMNS = "id, unit_id, label, grain, starts_on, ends_on, amount, version"


async def set_budget(
    work: Work, unit_id: int, label: str, amount: Decimal | None, expected_version: int | None = None
) -> int | None:
    """Set what a unit may spend in a named period, in the company's currency, or take it away; returns its id.

    None is returned where it was taken away. Raises `NotFound` for the unit, and where there is none to be taken away;
    `Conflict` STALE, `InputError` BAD_PERIOD, NEGATIVE_AMOUNT and what `parse_amount` raises.
    """
    work.viewer.require(Scope.INCENTIVES, "setting a budget of incentives")
    period = _period(work, label)
    minor = None if amount is None else parse_amount(amount, currency_scale(work.company.currency), ("amount",))
    if minor is not None and minor < 0:
        raise InputError("NEGATIVE_AMOUNT", "a budget is zero or more", ("amount",))

    async def apply(transaction: Transaction) -> int | None:
        await transaction.lock("incentive budgets")
        if await transaction.fetch_one("SELECT 1 FROM org_unit WHERE id = $1", unit_id) is None:
            raise NotFound("NOT_FOUND", "there is no such org unit", ("orgUnitId",))
        before = await transaction.fetch_one(
            f"SELECT {_COLUMNS} FROM incentive_budget WHERE unit_id = $1 AND label = $2",  # noqa: S608 (constants)
            unit_id,
            period.label,
        )
        _refuse_stale(before, expected_version)
        if minor is None and before is None:
            raise NotFound("NO_BUDGET", f"this unit has no budget of its own for {period.label}", ("amount",))
        return await _store(transaction, unit_id, period, minor, before)

    return await work.write(apply)


def _period(work: Work, label: str) -> Period:
    try:
        period = fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at("period") from None
    if period.grain is None:
        message = "a budget is for a period with a name, such as 2017-06 or 2017, not for a range of days"
        raise InputError("BAD_PERIOD", message, ("period",))
    return period


def _refuse_stale(before: Record | None, expected: int | None) -> None:
    version = 0 if before is None else before["version"]
    if expected not in (None, version):
        message = f"this budget has version {version} by now, not {expected}: read it again"
        raise Conflict("STALE", message, ("expectedVersion",))


async def _store(
    transaction: Transaction, unit_id: int, period: Period, amount: int | None, before: Record | None
) -> int | None:
    if amount is None:
        assert before is not None
        await transaction.execute("DELETE FROM incentive_budget WHERE id = $1", before["id"])
        budget_id: int = before["id"]
    else:
        assert period.grain is not None
        row = await transaction.fetch_one(
            "INSERT INTO incentive_budget AS own (company_id, unit_id, label, grain, starts_on, ends_on, amount,"
            " version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (unit_id, label, company_id)"
            " DO UPDATE SET amount = excluded.amount, starts_on = excluded.starts_on, ends_on = excluded.ends_on,"
            " version = own.version + 1 RETURNING id",
            transaction.company_id,
            unit_id,
            period.label,
            period.grain.value,
            period.starts_on,
            period.ends_on,
            amount,
        )
        assert row is not None
        budget_id = row["id"]
    told = {"unit": unit_id, "period": period.label}
    earlier = None if before is None else {**told, "amount": before["amount"]}
    after = None if amount is None else {**told, "amount": amount}
    transaction.record("incentive_budget.set", "IncentiveBudget", budget_id, before=earlier, after=after)
    transaction.publish("incentive_budget.set", id=budget_id, unit=unit_id, period=period.label)
    return None if amount is None else budget_id


async def budgets_by_id(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> list[Record]:
    """Budgets by number, those of these units (None for all), in no order."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM incentive_budget WHERE id = ANY ($1::bigint[])"  # noqa: S608 (constants)
        " AND ($2::bigint[] IS NULL OR unit_id = ANY ($2))",
        list(ids),
        None if unit_ids is None else list(unit_ids),
    )


async def budgets_within(snapshot: Snapshot, period: Period, unit_ids: Sequence[int]) -> dict[int, list[Record]]:
    """The budgets of units for periods that lie in `period`, the earliest first; one statement."""
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM incentive_budget WHERE unit_id = ANY ($1::bigint[])"  # noqa: S608 (constants)
        " AND starts_on >= $2 AND ends_on <= $3 ORDER BY unit_id, starts_on, ends_on DESC",
        list(unit_ids),
        period.starts_on,
        period.ends_on,
    ):
        found[row["unit_id"]].append(row)
    return found


def budget_of(rows: Sequence[Record]) -> int | None:
    """What budgets of one unit come to: of those that share a day the longer counts; None where there are none."""
    taken: list[Record] = []
    for row in sorted(rows, key=lambda one: (one["starts_on"] - one["ends_on"], one["starts_on"])):
        if all(row["ends_on"] <= one["starts_on"] or one["ends_on"] <= row["starts_on"] for one in taken):
            taken.append(row)
    return sum(row["amount"] for row in taken) if taken else None
