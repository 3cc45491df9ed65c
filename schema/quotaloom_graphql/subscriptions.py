"""Subscriptions: what a client is told without asking again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import count
from typing import Annotated, Any

import strawberry

from quotaloom.metrics.counting import counting_of
from quotaloom.organizations import reads
from quotaloom.platform.attainment_changes import Numbers
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.limits import LimitExceeded
from quotaloom.targets.attainment_feed import Watcher
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.field_costs import sizing
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.notification_subscription import NotificationSubscription
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.questions import metric_named


@strawberry.type(description="Units whose attainment may have changed, all read at one moment.")
class AttainmentUpdate:
    """One message of a subscription."""

    org_units: list[OrgUnit] = strawberry.field(
        description="Those of the units asked for that changed, as far as you may see their figures; each comes once."
        " All of them in the first message, and after one in which something may have been missed."
    )
    changed_at: datetime = strawberry.field(description="The moment at which everything in this message was read.")


async def _attainment_changed(
    info: Info,
    org_unit_ids: Annotated[
        list[strawberry.ID],
        strawberry.argument(
            description="The units of a board; you must see their figures. 500 at the most, where the server is not set"
            " otherwise."
        ),
    ],
    metrics: Annotated[
        list[str] | None,
        strawberry.argument(description="Keys of the metrics that concern you; changes of any if not given."),
    ] = None,
) -> AsyncGenerator[AttainmentUpdate, None]:
    context = info.context
    await context.begin_again(context.services.feed.turns)
    viewer = (await context.work()).viewer
    viewer.require_to_read("reading")
    unit_ids = _numbers(org_unit_ids, context.services.limits.subscription_units)
    metric_ids = None if metrics is None else await _concerning(context, metrics)
    await _require_sight(context, unit_ids)
    context.services.feed.refuse_more(viewer.company_id, viewer.subject)
    return _updates(context, unit_ids, metric_ids)


async def _concerning(context: RequestContext, keys: list[str]) -> Numbers:
    """The metrics whose changes concern these: each itself, for its targets, and the one whose entries it counts."""
    found = [await metric_named(context, key) for key in keys]
    return frozenset(number for metric in found for number in (metric["id"], counting_of(metric).metric_id))


async def _updates(
    context: RequestContext, unit_ids: list[int], metric_ids: Numbers
) -> AsyncGenerator[AttainmentUpdate, None]:
    """A message each time that something changed; whoever reads them renews the context after each.

    The first is paid for by the operation. What changes while a later one cannot be paid for is told with it.
    """
    feed, identity = context.services.feed, context.identity
    with feed.watch(identity.company_id, identity.subject, unit_ids, metric_ids) as watcher:
        for number in count():
            await context.renew()
            await watcher.changed()
            if number:
                await context.charge_again()
            await context.begin_again(feed.turns)
            rows = await _seen(context, watcher)
            if rows:
                yield {"org_units": rows, "changed_at": context.now}  # type: ignore[misc] # rows are flat


async def _seen(context: RequestContext, watcher: Watcher) -> list[Any]:
    """Those of the changed units whose figures the viewer may see by now, in the order in which he named them.

    Raises `NotFound` once he may see none of the watched, and `Unauthenticated` once he is gone.
    """
    changed = watcher.take()
    sight = await context.sight()
    if not sight.seen_units(watcher.unit_ids):
        raise _unknown(0)
    rows = await reads.units(context.snapshot, sight.seen_units(changed))
    return sorted(rows, key=lambda row: watcher.unit_ids.index(row["id"]))


async def _require_sight(context: RequestContext, unit_ids: list[int]) -> None:
    sight = await context.sight()
    known = {row["id"] for row in await reads.units(context.snapshot, sight.seen_units(unit_ids))}
    for index, unit_id in enumerate(unit_ids):
        if unit_id not in known:
            raise _unknown(index)


def _unknown(index: int) -> NotFound:
    return NotFound("NOT_FOUND", "there is no such unit whose figures you can see", ("orgUnitIds", index))


def _numbers(org_unit_ids: list[strawberry.ID], most: int) -> list[int]:
    found = len(org_unit_ids)
    if not found:
        raise InputError("NO_UNITS", f"name 1 to {most:,} units", ("orgUnitIds",))
    if found > most:
        text = f"the subscription names {found:,} units; {most:,} at the most are allowed"
        raise LimitExceeded("TOO_MANY_UNITS", "subscription_units", most, found, text)
    return [decode_id(one, "OrgUnit", ("orgUnitIds", index)) for index, one in enumerate(org_unit_ids)]


@strawberry.type(description="What can be listened to, over a WebSocket.")
class Subscription(NotificationSubscription):
    """Root of subscriptions."""

    attainment_changed: AsyncGenerator[AttainmentUpdate, None] = sizing(
        strawberry.subscription(
            resolver=_attainment_changed,
            description="Tells a board within a second that attainment of units may have changed: by what was posted or"
            " reversed at or below them, by deals won, plans published, moves in the tree or changed settings. Changes"
            " that come together are told together.",
        ),
        "orgUnits",
        by="orgUnitIds",
    )
