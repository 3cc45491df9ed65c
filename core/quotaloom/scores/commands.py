"""Defining scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, cast

from quotaloom.metrics.commands import check_description, check_key, check_name, key_taken, refuse_stale
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_COMPONENTS: Final = 20
"""How many metrics a score may combine."""

MOST: Final = 1_000_000
PLACES: Final = 6
"""Weights and caps are above 0, up to `MOST`, with so many decimal places."""


@dataclass(frozen=True, slots=True)
class NewComponent:
    """What a metric, named by its key, counts for; `cap` is the most that its contribution may be, None for any."""

    metric: str
    weight: Decimal
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewScore:
    """A weighted combination of metrics; only the proportion of the weights counts."""

    key: str
    name: str
    components: tuple[NewComponent, ...]
    description: str | None = None


async def define_score(work: Work, score: NewScore) -> int:
    """Define a score; returns its id.

    Raises `InputError` BAD_KEY, BAD_NAME, BAD_DESCRIPTION, KEY_TAKEN, BAD_COMPONENTS for none or too many, and for one
    of them UNKNOWN_METRIC, DUPLICATE_METRIC, BAD_WEIGHT, BAD_CAP.
    """
    work.viewer.require(Scope.SETTINGS, "defining a score")
    check_key(score.key)
    check_name(score.name)
    check_description(score.description)
    _check_components(score.components)

    async def apply(transaction: Transaction) -> int:
        metrics = await _metrics(transaction, score.components)
        row = await transaction.fetch_one(
            "INSERT INTO score (company_id, key, name, description, version) VALUES ($1, $2, $3, $4, 1)"
            " ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
            transaction.company_id,
            score.key,
            score.name,
            score.description or None,
        )
        if row is None:
            raise key_taken("score", score.key)
        await _store(transaction, row["id"], score.components, metrics)
        transaction.record("score.define", "Score", row["id"], after=asdict(score))
        transaction.publish("score.defined", id=row["id"], key=score.key)
        return cast(int, row["id"])

    return await work.write(apply)


async def update_score(
    work: Work,
    score_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    components: Sequence[NewComponent] | None = None,
    expected_version: int | None = None,
) -> None:
    """Rename, describe or weigh a score anew, for the past too; components are replaced as a whole.

    Raises `NotFound` UNKNOWN_SCORE, `Conflict` STALE, and what `define_score` raises.
    """
    work.viewer.require(Scope.SETTINGS, "changing a score")
    if name is not None:
        check_name(name)
    check_description(description)
    if components is not None:
        _check_components(components)

    async def apply(transaction: Transaction) -> None:
        before = await transaction.fetch_one("SELECT * FROM score WHERE id = $1 FOR UPDATE", score_id)
        if before is None:
            raise NotFound("UNKNOWN_SCORE", "there is no such score", ("id",))
        refuse_stale("score", before["version"], expected_version)
        after: dict[str, Any] = {"name": name, "description": description}
        if components is not None:
            metrics = await _metrics(transaction, components)
            await transaction.execute("DELETE FROM score_component WHERE score_id = $1", score_id)
            await _store(transaction, score_id, components, metrics)
            after["components"] = [asdict(component) for component in components]
        await transaction.execute(
            "UPDATE score SET name = COALESCE($2, name), description = NULLIF(COALESCE($3, description), ''),"
            " version = version + 1 WHERE id = $1",
            score_id,
            name,
            description,
        )
        transaction.record("score.update", "Score", score_id, before=dict(before), after=after)
        transaction.publish("score.updated", id=score_id)
        transaction.attainment_changed()

    await work.write(apply)


def _check_components(components: Sequence[NewComponent]) -> None:
    if not 1 <= len(components) <= MOST_COMPONENTS:
        message = f"a score combines 1 to {MOST_COMPONENTS} metrics, not {len(components)}"
        raise InputError("BAD_COMPONENTS", message, ("components",))
    seen: set[str] = set()
    for place, component in enumerate(components):
        if component.metric in seen:
            message = f"{component.metric[:60]!r} is named twice: add its weights together"
            raise InputError("DUPLICATE_METRIC", message, ("components", place, "metric"))
        seen.add(component.metric)
        for what, value in (("weight", component.weight), ("cap", component.cap)):
            if value is not None and not _fits(value):
                message = f"a {what} is more than 0, up to {MOST}, and has up to {PLACES} decimal places"
                raise InputError(f"BAD_{what.upper()}", message, ("components", place, what))


def _fits(value: Decimal) -> bool:
    return value.is_finite() and 0 < value <= MOST and value == round(value, PLACES)


async def _metrics(transaction: Transaction, components: Sequence[NewComponent]) -> list[int]:
    """The id of each component's metric."""
    keys = [component.metric for component in components if "\0" not in component.metric]
    found = {row["key"]: row["id"] for row in await metrics_by_key(transaction, keys)}
    for place, component in enumerate(components):
        if component.metric not in found:
            message = f"there is no metric {component.metric[:60]!r}"
            raise NotFound("UNKNOWN_METRIC", message, ("components", place, "metric"))
    return [found[component.metric] for component in components]


async def _store(
    transaction: Transaction, score_id: int, components: Sequence[NewComponent], metrics: Sequence[int]
) -> None:
    await transaction.execute(
        "INSERT INTO score_component (company_id, score_id, metric_id, weight, cap, ordinal)"
        " SELECT $1, $2, given.* FROM unnest($3::bigint[], $4::numeric[], $5::numeric[]) WITH ORDINALITY AS given",
        transaction.company_id,
        score_id,
        list(metrics),
        [component.weight for component in components],
        [component.cap for component in components],
    )
