"""Defining metrics and setting exchange rates."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from quotaloom.calendars.periods import known_day
from quotaloom.metrics.built_in import BUILT_IN, MetricKind
from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.metrics.measuring import checked_source
from quotaloom.metrics.rates import RateKind
from quotaloom.organizations.naming import checked_name
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

LARGEST_SCALE: Final = 6
"""Decimal places that a metric may have."""

LONGEST_DESCRIPTION: Final = 500
"""Characters of a metric's description."""

RATE_PLACES: Final = 10
"""Decimal places that a rate may have; it has as many places before the point."""


@dataclass(frozen=True, slots=True)
class NewMetric:
    """A metric to define: money in the company's currency, or a count.

    `scale` is its decimal places: for money that of the currency, which None stands for; for a count 0 to 6,
    None for 0. A metric that is better when lower turns the statuses of its attainment round. `measured_by` says where
    its amounts come from; without that no plan of it is published.
    """

    key: str
    name: str
    kind: MetricKind
    scale: int | None = None
    lower_is_better: bool = False
    description: str | None = None
    measured_by: str | None = None


async def install_builtin_metrics(transaction: Transaction, currency: str) -> dict[str, int]:
    """Give a new company its metrics, money in minor units of its `currency`; returns their ids by key.

    Those that are there already stay as they are.
    """
    metrics = [
        (metric.key, metric.name, metric.description, metric.kind, _own_scale(metric.kind, currency))
        for metric in BUILT_IN
    ]
    rows = await transaction.fetch(
        "INSERT INTO metric (company_id, key, name, description, kind, scale, lower_is_better, version)"
        " SELECT $1, wanted.*, false, 1"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[]) AS wanted"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id, key",
        transaction.company_id,
        *zip(*metrics, strict=True),
    )
    for row in rows:
        transaction.record("metric.define", "Metric", row["id"], after={"key": row["key"]})
    found = await transaction.fetch(
        "SELECT id, key FROM metric WHERE key = ANY($1)", [metric.key for metric in BUILT_IN]
    )
    return {row["key"]: row["id"] for row in found}


async def define_metric(work: Work, metric: NewMetric) -> int:
    """Define a metric; returns its id.

    Raises `InputError` BAD_KEY, BAD_NAME, BAD_DESCRIPTION, BAD_KIND, BAD_SCALE, TOO_LONG, BAD_TEXT or KEY_TAKEN.
    """
    work.viewer.require(Scope.SETTINGS, "defining a metric")
    checked = _checked(metric, work.company.currency)

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(
            "INSERT INTO metric (company_id, key, name, description, kind, scale, lower_is_better, measured_by,"
            " version)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
            transaction.company_id,
            checked.key,
            checked.name,
            checked.description or None,
            checked.kind,
            checked.scale,
            checked.lower_is_better,
            checked.measured_by or None,
        )
        if row is None:
            raise key_taken("metric", checked.key)
        transaction.record("metric.define", "Metric", row["id"], after=asdict(checked))
        transaction.publish("metric.defined", id=row["id"], key=checked.key)
        return cast(int, row["id"])

    return await work.write(apply)


async def update_metric(
    work: Work,
    metric_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    lower_is_better: bool | None = None,
    measured_by: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Rename or describe a metric, or turn its direction round; its key, what it counts and its scale stay.

    `measured_by` says where its amounts come from, a blank one takes that back. Raises `NotFound` UNKNOWN_METRIC,
    `InputError` BAD_NAME, BAD_DESCRIPTION, TOO_LONG or BAD_TEXT, `Conflict` STALE.
    """
    work.viewer.require(Scope.SETTINGS, "changing a metric")
    source = checked_source(measured_by)
    if name is not None:
        check_name(name)
    check_description(description)

    async def apply(transaction: Transaction) -> None:
        before = await transaction.fetch_one("SELECT * FROM metric WHERE id = $1 FOR UPDATE", metric_id)
        if before is None:
            raise NotFound("UNKNOWN_METRIC", "there is no such metric", ("id",))
        refuse_stale("metric", before["version"], expected_version)
        after = await transaction.fetch_one(
            "UPDATE metric SET name = COALESCE($2, name), description = NULLIF(COALESCE($3, description), ''),"
            " lower_is_better = COALESCE($4, lower_is_better),"
            " measured_by = CASE WHEN $5::text IS NULL THEN measured_by ELSE NULLIF($5, '') END,"
            " version = version + 1 WHERE id = $1 RETURNING *",
            metric_id,
            name,
            description,
            lower_is_better,
            source,
        )
        transaction.record("metric.update", "Metric", metric_id, before=dict(before), after=dict(after or {}))
        transaction.publish("metric.updated", id=metric_id)
        transaction.attainment_changed([metric_id])

    await work.write(apply)


async def set_exchange_rate(work: Work, currency: str, kind: RateKind, valid_from: date, rate: Decimal) -> int:
    """Set what one unit of `currency` is worth in the company's currency from a day on; returns the rate's id.

    It replaces the rate of that currency, kind and day where there is one. Entries that were posted keep the
    rate they were posted at. Raises `InputError` UNKNOWN_CURRENCY, OWN_CURRENCY, BAD_PERIOD or BAD_RATE.
    """
    work.viewer.require(Scope.SETTINGS, "setting an exchange rate")
    _check_rate(work, currency, valid_from, rate)

    async def apply(transaction: Transaction) -> int:
        await transaction.lock("exchange_rate")
        key = (currency, kind.value, valid_from)
        before = await transaction.fetch_one(
            "SELECT rate FROM exchange_rate WHERE currency = $1 AND kind = $2 AND valid_from = $3", *key
        )
        row = await transaction.fetch_one(
            "INSERT INTO exchange_rate (company_id, currency, kind, valid_from, rate) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (company_id, currency, kind, valid_from) DO UPDATE SET rate = excluded.rate RETURNING id",
            transaction.company_id,
            *key,
            rate,
        )
        assert row is not None
        named = {"currency": currency, "kind": kind.value, "valid_from": valid_from}
        transaction.record(
            "exchange_rate.set",
            "ExchangeRate",
            row["id"],
            before=before and {**named, "rate": before["rate"]},
            after={**named, "rate": rate},
        )
        transaction.publish("exchange_rate.set", id=row["id"], currency=currency, kind=kind.value)
        transaction.attainment_changed()
        return cast(int, row["id"])

    return await work.write(apply)


def check_key(key: str) -> None:
    """Raise `InputError` BAD_KEY for what is no key of a metric."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", key):
        raise InputError("BAD_KEY", f"{key[:80]!r} is no key: use a-z, 0-9, - and _, up to 64 characters", ("key",))


def check_name(name: str) -> None:
    """Raise `InputError` BAD_NAME for an empty, very long or unprintable name."""
    checked_name(name)


def refuse_stale(what: str, version: int, expected_version: int | None) -> None:
    """Raise `Conflict` STALE where the caller read another version than the stored one; None expects nothing."""
    if expected_version is not None and expected_version != version:
        raise Conflict(
            "STALE",
            f"this {what} was changed meanwhile: it is at version {version}, you read version {expected_version};"
            " read it again and repeat the change",
            ("expectedVersion",),
        )


def key_taken(what: str, key: str) -> InputError:
    """The refusal of a key that is in use."""
    return InputError("KEY_TAKEN", f"there is a {what} with the key {key!r} already", ("key",))


def _checked(metric: NewMetric, currency: str) -> NewMetric:
    check_key(metric.key)
    check_name(metric.name)
    source = checked_source(metric.measured_by)
    check_description(metric.description)
    kind: Any = metric.kind
    if kind not in ("money", "count"):
        raise InputError("BAD_KIND", f"a metric is `money` or `count`, not {kind!r}", ("kind",))
    default = _own_scale(kind, currency)
    scale = default if metric.scale is None else metric.scale
    if kind == "money" and scale != default:
        raise InputError("BAD_SCALE", f"money in {currency} has {default} decimal places, not {scale}", ("scale",))
    if not 0 <= scale <= LARGEST_SCALE:
        raise InputError("BAD_SCALE", f"a count has 0 to {LARGEST_SCALE} decimal places, not {scale}", ("scale",))
    return replace(metric, scale=scale, measured_by=source)


def _own_scale(kind: MetricKind, currency: str) -> int:
    return currency_scale(currency) if kind == "money" else 0


def check_description(description: str | None) -> None:
    """Raise `InputError` BAD_DESCRIPTION for a very long description, BAD_TEXT for what cannot be stored."""
    if description is not None and len(description) > LONGEST_DESCRIPTION:
        message = f"a description has up to {LONGEST_DESCRIPTION} characters"
        raise InputError("BAD_DESCRIPTION", message, ("description",))
    checked_text(description, ("description",))


def _check_rate(work: Work, currency: str, valid_from: date, rate: Decimal) -> None:
    known_currency(currency, ("currency",))
    if currency == work.company.currency:
        raise InputError("OWN_CURRENCY", f"{currency} is the company's own currency: its rate is 1", ("currency",))
    try:
        known_day(valid_from)
    except InputError as error:
        raise error.at("validFrom") from None
    fits = rate.is_finite() and 0 < rate < 10**RATE_PLACES and rate == round(rate, RATE_PLACES)
    if not fits:
        message = f"a rate is more than 0, with up to {RATE_PLACES} places on either side of the point, not {rate}"
        raise InputError("BAD_RATE", message, ("rate",))
