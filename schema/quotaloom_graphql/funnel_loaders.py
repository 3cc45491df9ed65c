"""Loaders of funnels, customers and deals: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

import orjson
import strawberry

from quotaloom.achievements.splits import CreditKind
from quotaloom.calendars.periods import Period
from quotaloom.funnels import opportunity_reads, reads
from quotaloom.funnels.filtering import OpportunityFilter
from quotaloom.funnels.opportunity_reads import OpportunityOrder, Slice
from quotaloom.funnels.stage_figures import StageFigures, stage_figures
from quotaloom.funnels.stages import Outcome
from quotaloom.metrics.currencies import currency_scale
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.connections import window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.organization_loaders import filtering_unit
from quotaloom_graphql.unconverted import unconverted_amounts
from strawberry_breadth import asked

strawberry.enum(Outcome, name="Outcome", description="What a stage means for the deals in it.")
strawberry.enum(
    CreditKind,
    name="CreditKind",
    description="`DIRECT` credit rolls up; `OVERLAY` credit (协销) counts for the position and its member, and for no"
    " unit above.",
)
strawberry.enum(
    OpportunityOrder,
    name="OpportunityOrder",
    description="What deals are ordered by; unknown values come last. Amounts of all currencies compare as numbers.",
)

FirstDeals = Annotated[int, strawberry.argument(description="How many deals, 500 at the most.")]
Outcomes = Annotated[list[Outcome] | None, strawberry.argument(description="Only deals with these outcomes.")]
OfUnit = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only deals of positions that lie below this unit today.")
]
OpenedIn = Annotated[
    str | None, strawberry.argument(description="Only deals opened in this period, such as `2017-Q2`.")
]
ClosedIn = Annotated[
    str | None, strawberry.argument(description="Only deals won or lost in this period, such as `2017-Q2`.")
]
ExpectedIn = Annotated[
    str | None, strawberry.argument(description="Only deals expected to close in this period, such as `2017-Q2`.")
]
OfVersion = Annotated[
    int | None, strawberry.argument(description="Of this version; the latest, which new deals follow, if not given.")
]
OrderedBy = Annotated[OpportunityOrder, strawberry.argument(description="In which order.")]
Descending = Annotated[bool, strawberry.argument(description="The latest, largest or last first.")]

Loader = Callable[..., Awaitable[list[Any]]]
Columns = frozenset[str] | None
Listing = Callable[
    [RequestContext, list[int], OpportunityFilter, Slice, frozenset[int] | None, Columns], Awaitable[list[Record]]
]
Figure = Callable[[StageFigures, int], Any]


async def opportunity_filter(
    context: RequestContext,
    org_unit: str | None = None,
    opened_in: str | None = None,
    closed_in: str | None = None,
    outcome: Sequence[Outcome] | None = None,
    expected_in: str | None = None,
    **more: Any,
) -> OpportunityFilter:
    """The filter that the arguments of a field make; `more` are fields of `OpportunityFilter` as they are."""
    unit_id = await filtering_unit(context, org_unit, "orgUnit")
    return OpportunityFilter(
        outcomes=outcome,
        below_unit_id=unit_id,
        on=None if unit_id is None else await context.today(),
        opened_in=await _period(context, opened_in, "openedIn"),
        closed_in=await _period(context, closed_in, "closedIn"),
        expected_in=await _period(context, expected_in, "expectedIn"),
        **more,
    )


async def _period(context: RequestContext, label: str | None, argument: str) -> Period | None:
    if label is None:
        return None
    try:
        return (await context.calendar()).fiscal.period(label)
    except InputError as error:
        raise error.at(argument) from None


def with_amounts(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Deals as the API writes them: amounts with the decimal places of their currencies, lists as lists."""
    return [
        {
            **row,
            "amount": _text(row["amount"], currency_scale(row["currency"])),
            "competitors": orjson.loads(row["competitors"]),
        }
        for row in rows
    ]


def _answered(rows: list[Record], columns: Columns) -> list[Any]:
    """The same of rows that have just the columns asked for, whose amounts are text already."""
    if columns is None:
        return with_amounts(rows)
    if "competitors" not in columns:
        return rows
    return [{**row, "competitors": orjson.loads(row["competitors"])} for row in rows]


async def load_funnels(keys: list[int], info: Info) -> list[Record]:
    """Funnels by number; everybody may see how the company sells."""
    return await reads.funnels_by_id(info.context.snapshot, keys)


async def load_stages(keys: list[int], info: Info) -> list[Record]:
    """Stages by number."""
    return await reads.stages_by_id(info.context.snapshot, keys)


async def load_funnel_stages(keys: list[int], info: Info, version: OfVersion = None) -> list[Record]:
    """The stages of a version of funnels, in order."""
    return await reads.stages_of_funnels(info.context.snapshot, keys, version)


async def load_customers(keys: list[int], info: Info) -> list[Record]:
    """Customers by number, of those that have a deal the viewer may see, or none at all."""
    return await seen_customers(info.context, keys, asked(info))


async def seen_customers(context: RequestContext, keys: list[int], columns: Columns = None) -> list[Record]:
    """The same for whoever needs customers that no field answers with."""
    visible = (await context.sight()).units_with_figures
    return await reads.customers_by_id(context.snapshot, keys, visible, columns)


async def load_merged_customers(keys: list[int], info: Info) -> list[Record]:
    """The customers that are part of others by now."""
    sight = await info.context.sight()
    return await reads.customers_merged_into(info.context.snapshot, keys, sight.units_with_figures)


async def load_opportunities(keys: list[int], info: Info) -> list[Any]:
    """Deals by number, of the positions whose figures the viewer may see."""
    return await seen_opportunities(info.context, keys, asked(info))


async def seen_opportunities(context: RequestContext, keys: list[int], columns: Columns = None) -> list[Any]:
    """The same for whoever needs deals that no field answers with."""
    visible = (await context.sight()).units_with_figures
    found = await opportunity_reads.opportunities_by_id(context.snapshot, keys, visible, columns)
    return _answered(found, columns)


async def load_moves(keys: list[int], info: Info) -> list[Record]:
    """Every change of stage of deals, the earliest first."""
    return await reads.moves_of_opportunities(info.context.snapshot, keys)


async def load_splits(keys: list[int], info: Info) -> list[Record]:
    """The shares of deals, in the order in which they were named."""
    return await reads.splits_of_opportunities(info.context.snapshot, keys)


async def load_opportunity_rights(deals: list[Mapping[str, Any]], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with each deal; `opportunity_id` is there for what is looked up apart.

    One that waits in a pool has no position.
    """
    worked = await positions_worked(info.context)
    return [{"edit": worked is None or deal["position_id"] in worked, "opportunity_id": deal["id"]} for deal in deals]


async def load_customer_rights(keys: list[int], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each customer, one answer for each."""
    worked = await positions_worked(info.context)
    if worked is not None and not worked:
        return [{"edit": False} for _ in keys]
    writable = {row["id"] for row in await reads.customers_by_id(info.context.snapshot, keys, worked)}
    return [{"edit": key in writable} for key in keys]


async def positions_worked(context: RequestContext) -> frozenset[int] | None:
    """The positions whose deals the viewer may write; None stands for all of the company."""

    async def load() -> frozenset[int] | None:
        work = await context.work()
        found = await worked_positions(context.snapshot, work.viewer, work.today)
        return None if found is None else frozenset(found)

    return await context.once("worked_positions", load)


def _opportunities_of(listing: Listing) -> Loader:
    async def load(
        keys: list[int],
        info: Info,
        first: FirstDeals = 50,
        outcome: Outcomes = None,
        org_unit: OfUnit = None,
        opened_in: OpenedIn = None,
        closed_in: ClosedIn = None,
        expected_in: ExpectedIn = None,
        order_by: OrderedBy = OpportunityOrder.CLOSED_ON,
        descending: Descending = True,
    ) -> list[Any]:
        context, columns = info.context, asked(info)
        _, limit = window(first, None)
        where = await opportunity_filter(context, org_unit, opened_in, closed_in, outcome, expected_in)
        visible = (await context.sight()).units_with_figures
        found = await listing(context, keys, where, Slice(order_by, descending, limit), visible, columns)
        return _answered(found, columns)

    return load


async def _of_units(
    context: RequestContext,
    keys: list[int],
    where: OpportunityFilter,
    part: Slice,
    visible: frozenset[int] | None,
    columns: Columns,
) -> list[Record]:
    today = await context.today()
    return await opportunity_reads.opportunities_of_units(context.snapshot, keys, today, where, part, visible, columns)


def _by(read: Callable[..., Awaitable[list[Record]]]) -> Listing:
    async def listing(
        context: RequestContext,
        keys: list[int],
        where: OpportunityFilter,
        part: Slice,
        visible: frozenset[int] | None,
        columns: Columns,
    ) -> list[Record]:
        return await read(context.snapshot, keys, where, part, visible, columns)

    return listing


load_unit_opportunities = _opportunities_of(_of_units)
load_funnel_opportunities = _opportunities_of(_by(opportunity_reads.opportunities_of_funnels))
load_stage_opportunities = _opportunities_of(_by(opportunity_reads.opportunities_of_stages))
load_customer_opportunities = _opportunities_of(_by(opportunity_reads.opportunities_of_customers))


def _figure(pick: Figure) -> Loader:
    async def load(
        keys: list[int],
        info: Info,
        org_unit: OfUnit = None,
        opened_in: OpenedIn = None,
        closed_in: ClosedIn = None,
    ) -> list[Any]:
        figures = await _figures(info.context, keys, org_unit, opened_in, closed_in)
        scale = currency_scale((await info.context.work()).company.currency)
        return [pick(of_stage, scale) for of_stage in figures]

    return load


async def _figures(
    context: RequestContext, keys: list[int], org_unit: str | None, opened_in: str | None, closed_in: str | None
) -> list[StageFigures]:
    """The figures of the stages; all fields that ask for the same share one statement."""

    async def load() -> list[StageFigures]:
        work, sight = await context.work(), await context.sight()
        where = await opportunity_filter(context, org_unit, opened_in, closed_in)
        return await stage_figures(context.snapshot, work.company, keys, work.today, where, sight.units_with_figures)

    return await context.once(("stage_figures", tuple(keys), org_unit, opened_in, closed_in), load)


load_stage_count = _figure(lambda figures, _: figures.count)
load_stage_amount = _figure(lambda figures, scale: format_amount(figures.amount, scale))
load_stage_weighted_amount = _figure(lambda figures, scale: format_amount(figures.weighted_amount, scale))
load_stage_without_amount = _figure(lambda figures, _: figures.without_amount)
load_stage_unconverted = _figure(lambda figures, _: unconverted_amounts(figures.unconverted))


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)
