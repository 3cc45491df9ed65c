"""What the record of moves says of stages: read once for all of them, and only where it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from quotaloom.funnels.figures.ageing import NOT_OLD, ageing
from quotaloom.funnels.figures.answers import Answer
from quotaloom.funnels.figures.days import NO_DAYS
from quotaloom.funnels.figures.passages import NOBODY_CAME, Cohort, PassagePlace, cohorts, stays
from quotaloom.funnels.figures.questions import Asked, FunnelStage
from quotaloom.funnels.figures.rates import share
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.stretches import AT_A_STRETCH, each_in_turn
from quotaloom_graphql.context import Info
from quotaloom_graphql.funnel_figure_values import day_spread, deal_sums


class StageAnswer(NamedTuple):
    """A stage in the figures of a period."""

    answer: Answer
    stage: FunnelStage

    @property
    def place(self) -> PassagePlace:
        """Where its days and cohorts are found."""
        return self.answer.place, self.answer.number, self.stage.number

    @property
    def later(self) -> list[FunnelStage]:
        """The stages that come after it."""
        return [other for other in self.answer.stages if other.follows(self.stage)]


Read = Callable[[Asked], Awaitable[Mapping[Any, Any]]]


async def once_asked(info: Info, name: str, askeds: Sequence[Asked], read: Read) -> list[Mapping[Any, Any]]:
    """What `read` finds for each question; every question is read once, however many fields and rows want it."""

    def reading(asked: Asked) -> Callable[[], Awaitable[Mapping[Any, Any]]]:
        return lambda: read(asked)

    found = {asked: await info.context.once((name, asked), reading(asked)) for asked in dict.fromkeys(askeds)}
    return [found[asked] for asked in askeds]


async def load_ageing(parents: list[Any], info: Info) -> list[dict[str, Any]]:
    """The deals that are too old for each stage."""
    context, rows = info.context, _answers(parents)
    company = (await context.work()).company
    scale = currency_scale(company.currency)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        return await ageing(context.snapshot, company, asked)

    found = await once_asked(info, "ageing", [row.answer.asked for row in rows], read)

    def shown(of_stage: tuple[StageAnswer, Mapping[Any, Any]]) -> dict[str, Any]:
        row, by_place = of_stage
        old = by_place.get((row.answer.place, row.stage.number), NOT_OLD)
        limit = row.stage.age_limit_days
        return {"limit_days": limit, "deals": deal_sums(old.too_old, scale), "unknown": old.unknown}

    return await each_in_turn(list(zip(rows, found, strict=True)), shown)


async def load_days(parents: list[Any], info: Info) -> list[dict[str, Any]]:
    """How long deals stayed in each stage."""
    rows = _answers(parents)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        return await stays(info.context.snapshot, asked)

    found = await once_asked(info, "stays", [row.answer.asked for row in rows], read)

    def shown(of_stage: tuple[StageAnswer, Mapping[Any, Any]]) -> dict[str, Any]:
        row, by_place = of_stage
        return day_spread(by_place.get(row.place, NO_DAYS))

    return await each_in_turn(list(zip(rows, found, strict=True)), shown)


async def load_entered(parents: list[Any], info: Info) -> list[int]:
    """How many deals came into each stage."""
    return [cohort.entered for _, cohort in await _with_cohorts(parents, info)]


async def load_advanced(parents: list[Any], info: Info) -> list[int]:
    """How many of these went on."""
    return await each_in_turn(await _with_cohorts(parents, info), lambda one: _advanced(*one))


async def load_advance_rate(parents: list[Any], info: Info) -> list[Decimal | None]:
    """Which part of these went on."""
    return await each_in_turn(await _with_cohorts(parents, info), lambda one: share(_advanced(*one), one[1].entered))


async def load_conversions(parents: list[Any], info: Info) -> list[list[dict[str, Any]]]:
    """How many of these came to each later stage."""

    def shown(of_stage: tuple[StageAnswer, Cohort]) -> list[dict[str, Any]]:
        row, cohort = of_stage
        return [_conversion(cohort, other) for other in row.later]

    return await each_in_turn(await _with_cohorts(parents, info), shown)


def _answers(parents: Sequence[Any]) -> list[StageAnswer]:
    return [parent["of_stage"] for parent in parents]


def _advanced(row: StageAnswer, cohort: Cohort) -> int:
    return cohort.advanced_to([other for other in row.later if other.advances])


def _conversion(cohort: Cohort, other: FunnelStage) -> dict[str, Any]:
    count = cohort.came_to(other)
    return {"key": other.key, "stage_id": other.stage_id, "count": count, "rate": share(count, cohort.entered)}


async def _with_cohorts(parents: Sequence[Any], info: Info) -> list[tuple[StageAnswer, Cohort]]:
    rows = _answers(parents)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        return await cohorts(info.context.snapshot, asked)

    found = await once_asked(info, "cohorts", [row.answer.asked for row in rows], read)

    def cohort_of(of_stage: tuple[StageAnswer, Mapping[Any, Any]]) -> tuple[StageAnswer, Cohort]:
        row, by_place = of_stage
        return row, by_place.get(row.place, NOBODY_CAME)

    return await each_in_turn(list(zip(rows, found, strict=True)), cohort_of, AT_A_STRETCH)
