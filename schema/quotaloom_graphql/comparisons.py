"""Attainment against an earlier period, as fields of attainment."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.platform.amounts import format_amount
from quotaloom.platform.stretches import in_stretches
from quotaloom.targets.attainment import growth
from quotaloom.targets.attainments import Figures
from quotaloom.targets.comparisons import Earlier, earlier_attainments
from quotaloom_graphql.context import Info

strawberry.enum(
    Earlier,
    name="Earlier",
    description="Which earlier period a period is compared with: the calendar's one right before, or the same one of"
    " the year before. Of a date range it is the range of as many days right before, or that of the same dates.",
)


@strawberry.type(description="What has changed since an earlier period.")
class AttainmentChange:
    """A change."""

    achieved: Decimal = strawberry.field(description="Achieved now − achieved then.")
    growth: Decimal | None = strawberry.field(
        description="That change ÷ what was achieved then, six places, half up; null where there was nothing. Where it"
        " was negative, its size counts, so that growth above 0 always means more."
    )
    rate: Decimal | None = strawberry.field(
        description="Rate now − rate then: `0.050000` is five points more. Null where one of them is."
    )


CHANGES_AT_A_STRETCH = 1_024
"""Each has two rates and a growth, and takes as long as a dozen plain rows."""

Since = Annotated[Earlier, strawberry.argument(description="Which earlier period.")]


async def load_previous_period(parents: list[Any], info: Info) -> list[Figures | None]:
    """The same figures of the periods right before, one answer for each attainment."""
    return await _earlier(parents, info, Earlier.PREVIOUS_PERIOD)


async def load_previous_year(parents: list[Any], info: Info) -> list[Figures | None]:
    """The same figures of the same periods of the year before, one answer for each attainment."""
    return await _earlier(parents, info, Earlier.PREVIOUS_YEAR)


async def load_change(parents: list[Any], info: Info, since: Since) -> list[dict[str, Any] | None]:
    """What has changed since the earlier periods, one answer for each attainment."""
    earlier = await _earlier(parents, info, since)
    found: list[dict[str, Any] | None] = []
    async for some in in_stretches(list(zip(parents, earlier, strict=True)), CHANGES_AT_A_STRETCH):
        found += [None if then is None else _change(now, then) for now, then in some]
    return found


async def _earlier(parents: Sequence[Figures], info: Info, which: Earlier) -> list[Figures | None]:
    """The earlier rows; whoever sees a figure sees what the same was before."""
    context = info.context

    async def load() -> list[Figures | None]:
        currency = (await context.work()).company.currency
        return await earlier_attainments(context.snapshot, await context.calendar(), currency, parents, which)

    return await context.once_for(parents, which, load)


def _change(now: Figures, then: Figures) -> dict[str, Any]:
    achieved, before = now.sums.achieved, then.sums.achieved
    return {
        "achieved": format_amount(achieved - before, now.question.scale),
        "growth": growth(achieved, before),
        "rate": None if now["rate"] is None or then["rate"] is None else now["rate"] - then["rate"],
    }
