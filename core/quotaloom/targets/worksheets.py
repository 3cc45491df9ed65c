"""The worksheet of a target (目标分解表): what it takes, and what is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from asyncpg import Record

from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.amounts import LARGEST, has_places
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.permission import refuse_hidden
from quotaloom.targets.plans import load_plan
from quotaloom_sdk import WorksheetFact

TEXTS: Final = ("conditions", "obstacles", "people", "material", "cooperation", "product_mix", "competitors")
"""What a worksheet says in words."""

FIGURES: Final = ("money", "customers_needed", "repurchase_rate")
"""What it says in figures."""

MOST_CUSTOMERS: Final = 10**9
"""How many customers anybody may need."""

MOST_ORDERS: Final = 1000
"""How many orders of a customer in a year a repurchase rate may stand for; it has six decimal places."""


async def set_worksheet(
    work: Work, plan_id: int, unit_id: int, values: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Note what the target of a unit in a plan takes. `values` names fields of `TEXTS` and `FIGURES`; None clears one.

    `money` is in minor units of the company's currency; `repurchase_rate` is how many orders a customer gives in a
    year. Who holds the position today does it, who heads the unit, and admins. `expected_version` is that of the
    worksheet which the caller read, 0 where there was none. Raises `NotFound`, `AccessDenied`, `InputError` TOO_LONG,
    BAD_TEXT, BAD_COUNT, BAD_RATE, NEGATIVE_AMOUNT or NOTHING_TO_CHANGE, `Conflict` STALE.
    """
    if not values:
        raise InputError("NOTHING_TO_CHANGE", "name what shall change of the worksheet")
    given = _checked(values)
    async with work.snapshot() as snapshot:
        await _require_right(snapshot, work, plan_id, unit_id)

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(f"worksheet:{plan_id}:{unit_id}")
        before = await _stored(transaction, plan_id, unit_id)
        _refuse_stale(0 if before is None else before["version"], expected_version)
        known: dict[str, Any] = {name: before and before[name] for name in (*TEXTS, *FIGURES)}
        after = known | given
        if after == known:
            return
        await _store(transaction, plan_id, unit_id, after)
        changed = [name for name in given if given[name] != known[name]]
        transaction.record(
            "worksheet.set",
            "OrgUnit",
            unit_id,
            before={"plan_id": plan_id, **{name: known[name] for name in changed}},
            after={"plan_id": plan_id, **{name: after[name] for name in changed}},
        )
        transaction.publish("worksheet.set", plan=plan_id, unit=unit_id)

    await work.write(apply)


def may_see_worksheet(sight: Sight, unit_id: int) -> bool:
    """Whether a viewer sees the unit's worksheet: whoever holds or heads it, whoever heads a unit above, and admins.

    Figures of units above him, which a company may show a member, do not make him see theirs.
    """
    return sight.everything or unit_id in sight.led_unit_ids or unit_id in sight.held_unit_ids


def may_fill_worksheet(sight: Sight, unit_id: int) -> bool:
    """Whether a viewer fills the unit's worksheet: admins do, and whoever heads the unit or holds the position."""
    return sight.plans_everything or sight.heads(unit_id) or unit_id in sight.held_unit_ids


async def worksheets_of(snapshot: Snapshot, plan_id: int, unit_ids: Sequence[int]) -> list[Record]:
    """The worksheets of units in a plan, by `unit_id`; a unit without one has no row."""
    return await snapshot.fetch(
        "SELECT unit_id, conditions, obstacles, people, material, cooperation, product_mix, competitors, money,"
        " customers_needed, repurchase_rate, updated_at, updated_by, version FROM worksheet"
        " WHERE plan_id = $1 AND unit_id = ANY($2::bigint[])",
        plan_id,
        list(unit_ids),
    )


async def worksheet_facts(
    snapshot: Snapshot, metric_key: str, fiscal_year: int, unit_ids: Sequence[int]
) -> dict[int, WorksheetFact]:
    """The figures of each unit's latest worksheet for plans of a metric, up to a fiscal year, as policies read them.

    Units without one have no entry. One statement.
    """
    rows = await snapshot.fetch(
        "SELECT DISTINCT ON (w.unit_id) w.unit_id, p.fiscal_year, w.customers_needed, w.repurchase_rate, w.money"
        " FROM worksheet w JOIN plan p ON p.company_id = w.company_id AND p.id = w.plan_id"
        " JOIN metric m ON m.company_id = p.company_id AND m.id = p.metric_id"
        " WHERE w.unit_id = ANY($1::bigint[]) AND m.key = $2 AND p.fiscal_year <= $3"
        " ORDER BY w.unit_id, p.fiscal_year DESC, w.updated_at DESC, w.id DESC",
        list(unit_ids),
        metric_key,
        fiscal_year,
    )
    return {row["unit_id"]: WorksheetFact(*list(row.values())[1:]) for row in rows}


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - {*TEXTS, *FIGURES}:
        raise ValueError(f"a worksheet has no {', '.join(sorted(unknown))}")
    given: dict[str, Any] = {name: checked_text(values[name], (_place(name),)) for name in TEXTS if name in values}
    given |= {name: values[name] for name in FIGURES if name in values}
    _check_whole(given.get("money"), LARGEST, "NEGATIVE_AMOUNT", "the money that it takes is 0 or more", "money")
    message = f"customers are counted, from 0 to {MOST_CUSTOMERS}"
    _check_whole(given.get("customers_needed"), MOST_CUSTOMERS, "BAD_COUNT", message, "customersNeeded")
    _check_rate(given.get("repurchase_rate"))
    return given


def _place(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _check_whole(value: int | None, most: int, code: str, message: str, place: str) -> None:
    if value is not None and not 0 <= value <= most:
        raise InputError(code, message, (place,))


def _check_rate(rate: Decimal | None) -> None:
    if rate is None:
        return
    if not has_places(rate, 6) or not 0 <= rate <= MOST_ORDERS:
        message = f"a repurchase rate lies between 0 and {MOST_ORDERS}, with 6 decimal places at the most"
        raise InputError("BAD_RATE", message, ("repurchaseRate",))


async def _require_right(snapshot: Snapshot, work: Work, plan_id: int, unit_id: int) -> None:
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    plan = await load_plan(snapshot, plan_id)
    refuse_hidden(sight, plan)
    unit = await snapshot.fetch_one("SELECT name FROM org_unit WHERE id = $1", unit_id)
    if unit is None or not (sight.plans_everything or sight.names_unit(unit_id)):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if not may_fill_worksheet(sight, unit_id):
        raise AccessDenied("a worksheet is filled by whoever holds the position or heads the unit, and by admins")


async def _stored(transaction: Transaction, plan_id: int, unit_id: int) -> Record | None:
    names = ", ".join((*TEXTS, *FIGURES))
    return await transaction.fetch_one(
        f"SELECT {names}, version FROM worksheet WHERE plan_id = $1 AND unit_id = $2",  # noqa: S608 (field names)
        plan_id,
        unit_id,
    )


async def _store(transaction: Transaction, plan_id: int, unit_id: int, values: Mapping[str, Any]) -> None:
    names = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(6, 6 + len(values)))
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    await transaction.execute(
        f"INSERT INTO worksheet AS w (company_id, plan_id, unit_id, updated_at, updated_by, version, {names})"  # noqa: S608
        f" VALUES ($1, $2, $3, $4, $5, 1, {places}) ON CONFLICT (plan_id, unit_id, company_id) DO UPDATE SET"
        f" updated_at = excluded.updated_at, updated_by = excluded.updated_by, version = w.version + 1, {updates}",
        transaction.company_id,
        plan_id,
        unit_id,
        transaction.now,
        transaction.writer.subject,
        *values.values(),
    )


def _refuse_stale(version: int, expected_version: int | None) -> None:
    if expected_version not in (None, version):
        raise Conflict(
            "STALE",
            f"this worksheet was changed meanwhile: it is at version {version}, you read version {expected_version};"
            " read it again and repeat the change",
            ("expectedVersion",),
        )
