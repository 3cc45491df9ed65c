"""The subscription to one's own notifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import strawberry

from quotaloom.notifications.commands import require_member
from quotaloom.notifications.feed import Listener
from quotaloom.notifications.reads import notification_counts, notifications_named, page_of_notifications
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.field_costs import sized
from quotaloom_graphql.notifications import Notification

GATHERING_SECONDS: Final = 0.1
"""For how long notifications are gathered before they are told."""

MOST_UNREAD: Final = 50
"""How many unread notifications the first message has. No setting: the list itself has them all, in pages."""


@strawberry.type(description="What is new among your notifications.")
class NotificationUpdate:
    """One message of a subscription."""

    notifications: list[Notification] = sized(
        strawberry.field(
            description="The new ones, the earliest first. In the first message, and after one in which something may"
            f" have been missed, the {MOST_UNREAD} latest that you have not read."
        ),
        MOST_UNREAD,
    )
    unread: int = strawberry.field(description="How many you have not read, with these.")


async def _notification_added(info: Info) -> AsyncGenerator[NotificationUpdate, None]:
    context = info.context
    await context.begin_again(context.services.feed.turns)
    viewer = (await context.work()).viewer
    member_id = require_member(viewer)
    context.services.notifications.refuse_more(viewer.company_id, member_id)
    return _updates(context, viewer.company_id, member_id)


async def _updates(
    context: RequestContext, company_id: int, member_id: int
) -> AsyncGenerator[NotificationUpdate, None]:
    """A message each time that something is new; whoever reads them renews the context after each.

    The first is paid for by the operation. What comes while a later one cannot be paid for is told with it.
    """
    with context.services.notifications.listen(company_id, member_id) as listener:
        first = True
        while True:
            await context.renew()
            await listener.told()
            if not first:
                await asyncio.sleep(GATHERING_SECONDS)
                await context.charge_again()
            await context.begin_again(context.services.feed.turns)
            await context.work()
            rows = await _new(context, listener, member_id)
            if rows or first:
                _, unread = await notification_counts(context.snapshot, member_id)
                yield {"notifications": rows, "unread": unread}  # type: ignore[misc] # rows are flat
            first = False


async def _new(context: RequestContext, listener: Listener, member_id: int) -> list[dict[str, Any]]:
    numbers = listener.take()
    if numbers is not None:
        return await notifications_named(context.snapshot, member_id, sorted(numbers))
    unread = await page_of_notifications(context.snapshot, member_id, unread_only=True, limit=MOST_UNREAD)
    return unread[::-1]


@strawberry.type
class NotificationSubscription:
    """Subscriptions to notifications."""

    notification_added: AsyncGenerator[NotificationUpdate, None] = strawberry.subscription(
        resolver=_notification_added,
        description="Tells you within a second what you are notified of, such as what came into your pool and what you"
        " are about to lose. For members.",
    )
