"""What you were told, and the mutation that marks it as read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.notifications.commands import mark_read
from quotaloom.notifications.reads import notification_counts, page_of_notifications
from quotaloom.platform.work import Work
from quotaloom_graphql import action_plans, disputes, funnel_queries, incentives, leads, pools, reviews
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import TYPENAME, Node, NodeLoader, decode_id, encode_id
from strawberry_breadth import batch, column

TYPE = "Notification"

SUBJECTS: Mapping[str, NodeLoader] = {
    **funnel_queries.NODE_LOADERS,
    **leads.NODE_LOADERS,
    **pools.NODE_LOADERS,
    **incentives.NODE_LOADERS,
    **disputes.NODE_LOADERS,
    **action_plans.NODE_LOADERS,
    **reviews.NODE_LOADERS,
}
"""How the things are loaded that notifications are about, by their types."""

UnreadOnly = Annotated[bool, strawberry.argument(description="Only those that you have not read.")]


async def load_subjects(notifications: list[Any], info: Info) -> list[Any]:
    """What each notification is about, as far as the viewer may see it by now."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in notifications:
        if one["subject_type"] in SUBJECTS:
            wanted[one["subject_type"]].add(one["subject_id"])
    found = {
        (kind, row["id"]): {**row, TYPENAME: kind}
        for kind, ids in wanted.items()
        for row in await SUBJECTS[kind](sorted(ids), info)
    }
    return [found.get((one["subject_type"], one["subject_id"])) for one in notifications]


@strawberry.type(description="Something that you were told.")
class Notification:
    """A notification."""

    id: strawberry.ID = column(
        lambda number: encode_id(TYPE, number), of="id", description="Names it for `markNotificationsRead`."
    )
    at: datetime = strawberry.field(description="When.")
    topic: str = strawberry.field(description="What kind of thing it is, such as `pool.entered`.")
    text: str = strawberry.field(description="A sentence, in English.")
    details: JSON = strawberry.field(description="What the sentence is made of: names, days and numbers.")
    read_at: datetime | None = strawberry.field(description="When you read it; null while you have not.")
    subject: Node | None = batch(
        load_subjects, description="What it is about; null where that is nothing that you can see."
    )


async def load_notifications(
    viewers: list[Any], info: Info, unread_only: UnreadOnly = False, first: First = 50, after: After = None
) -> list[dict[str, Any]]:
    """A page of each viewer's notifications, the latest first; nothing for those who are no members."""
    offset, limit = window(first, after)
    pages = []
    for viewer in viewers:
        told, unread = await load_counts(viewer["member_id"], info)
        rows = []
        if told:
            rows = await page_of_notifications(
                info.context.snapshot, viewer["member_id"], unread_only=unread_only, limit=limit, offset=offset
            )
        pages.append(page(rows, offset, unread if unread_only else told))
    return pages


async def load_counts(member_id: int | None, info: Info) -> tuple[int, int]:
    """How much a member was told, and how much of it is unread."""
    if member_id is None:
        return 0, 0
    snapshot = info.context.snapshot
    return await info.context.once(("notifications", member_id), lambda: notification_counts(snapshot, member_id))


async def load_unread(viewers: list[Any], info: Info) -> list[int]:
    """How many notifications each viewer has not read."""
    return [(await load_counts(viewer["member_id"], info))[1] for viewer in viewers]


@strawberry.input(description="Notifications of yours that you have read.")
class MarkNotificationsReadInput:
    """Notifications."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which ones, 500 at the most; all that you have, if not given."
    )


@strawberry.type(description="What is left unread.")
class NotificationsPayload:
    """What is left, or what was wrong."""

    unread: int | None = strawberry.field(description="How many you have not read.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _mark_read(work: Work, input: MarkNotificationsReadInput, _: Services) -> dict[str, Any]:
    ids = None if input.ids is None else [decode_id(one, TYPE, ("ids", index)) for index, one in enumerate(input.ids)]
    return {"unread": await mark_read(work, ids)}


@strawberry.type
class NotificationMutation:
    """Mutations of notifications."""

    mark_notifications_read: NotificationsPayload = mutation(
        _mark_read, description="Mark notifications of yours as read, or all of them."
    )
