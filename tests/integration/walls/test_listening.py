"""Every subscription, opened by everybody whom it does not concern while there is something to be told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from quotaloom.notifications.telling import notify
from quotaloom.platform.access import Role
from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom.platform.unit_of_work import Transaction
from tests.conftest import APPLICATION_ROLE
from tests.graph_client import Moment
from tests.integration.funnels.floors import NOON
from tests.integration.graph.aftermath import assigned
from tests.integration.graph.asking import SCHEMA
from tests.integration.live.boards import Board, live_server
from tests.integration.walls.asking import Asking, canaries_in, reached, strangers
from tests.integration.walls.more_operations import subscription_operations, unread_types
from tests.integration.walls.planting import Walls
from tests.integration.walls.sending import insider
from tests.integration.walls.test_reading import fields_of, ids_of

OPERATIONS: Final = subscription_operations(SCHEMA._schema)
MESSAGES: Final = unread_types(SCHEMA._schema)[1]

QUIET_SECONDS: Final = 1.0
"""For how long it must be quiet, after those whom it concerns have been told."""

NEW: Final = "canary-000000"
"""What Ann is notified of while all listen."""


@dataclass
class Ear:
    """Somebody who has opened all subscriptions, and what he was sent by each."""

    board: Board
    heard: list[list[Any]] = field(default_factory=lambda: [[] for _ in OPERATIONS])

    async def open(self, ids: dict[str, str]) -> None:
        """Open all subscriptions, and hear the first of each."""
        for number, operation in enumerate(OPERATIONS):
            payload = {"query": operation.text, "variables": operation.variables(ids)}
            await self.board.send(id=str(number), type="subscribe", payload=payload)
        await self.hear(30, lambda: all(self.heard))

    async def hear(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Hear until it is enough, it is quiet for so long, or the connection is closed."""
        with suppress(TimeoutError, ConnectionClosed):
            while not enough():
                message = await self.board.hear(seconds)
                if message["type"] in ("next", "error"):
                    self.heard[int(message["id"])].append(message["payload"])

    def told(self, name: str) -> str:
        """All that came by the subscriptions to a field."""
        found = [self.heard[number] for number, operation in enumerate(OPERATIONS) if operation.name == name]
        return json.dumps(found)


def listeners(walls: Walls) -> dict[str, Identity]:
    """All strangers with a token; an admin's names a member."""
    kim, ann = walls.stranger_members["kim"], walls.world.floor.members["ann"]
    members = {walls.stranger_id: kim, walls.twin_id: ann}
    return {
        name: replace(who, member_id=members[who.company_id]) if who.role is Role.ADMIN else who
        for name, who in strangers(walls).items()
        if who is not None
    }


async def happen(walls: Walls, transaction: Transaction) -> None:
    """Notify Ann of a canary, and say that everything in the planted company has changed."""
    await notify(transaction, [assigned(walls.world.floor.members["ann"], NEW)])
    transaction.attainment_changed()


async def test_nobody_else_hears_what_was_planted(
    asking: Asking, walls_name: str, postgres: EmbeddedServer, tmp_path: Path
) -> None:
    """No canary comes to strangers; within the company Hal alone is told of the East, and Ann of what is hers."""
    walls, ids, ears = asking.walls, ids_of(asking.walls), {}
    who = {**listeners(walls), **{name: insider(walls, name) for name in INSIDE}}
    async with (
        live_server(postgres.url(walls_name, APPLICATION_ROLE), tmp_path, Moment(NOON)) as server,
        AsyncExitStack() as stack,
    ):
        for name, one in who.items():
            board = await stack.enter_async_context(server.board(server.graph.signed_in(one)))
            ears[name] = Ear(board)
        await asyncio.gather(*(ear.open(ids) for ear in ears.values()))
        before = {name: sum(map(len, ear.heard)) for name, ear in ears.items()}
        await walls.world.floor.work.write(lambda transaction: happen(walls, transaction))
        await ears["ann"].hear(30, lambda: NEW in ears["ann"].told("notificationAdded"))
        await ears["hal"].hear(30, lambda: sum(map(len, ears["hal"].heard)) > before["hal"])
        await asyncio.gather(*(ear.hear(QUIET_SECONDS) for ear in ears.values()))
    told = {name: canaries_in(json.dumps(ear.heard)) for name, ear in ears.items()}
    assert {name: found for name, found in told.items() if name not in INSIDE and found} == {}
    assert {name for name in INSIDE if NEW in json.dumps(ears[name].heard)} == {"ann"}
    assert {name for name in INSIDE if canaries_in(ears[name].told("attainmentChanged"))} == {"hal"}
    assert {name for name, ear in ears.items() if not all(ear.heard)} == {NO_MEMBER}  # he is cut off
    messages = [message["data"] for ear in ears.values() for one in ear.heard for message in one if "data" in message]
    assert set().union(*(fields_of(name) for name in MESSAGES)) <= reached(messages)


async def test_nobody_listens_without_a_good_token(
    walls_name: str, postgres: EmbeddedServer, tmp_path: Path, asking: Asking
) -> None:
    """Without one, with one of another installation or an old one, the connection is closed before it begins."""
    boss = Identity(asking.walls.planted_id, "boss", Role.MEMBER, asking.walls.world.floor.members["hal"])
    async with live_server(postgres.url(walls_name, APPLICATION_ROLE), tmp_path, Moment(NOON)) as server:
        ours, theirs = server.graph.authority, TokenAuthority(b"t" * 32, "here", "us")
        hour = timedelta(hours=1)
        bad = [theirs.issue(boss, datetime.now(UTC), hour), ours.issue(boss, datetime.now(UTC) - 2 * hour, hour)]
        for params in ({}, *({"authorization": f"Bearer {token}"} for token in bad)):
            async with server.connected() as board:
                await board.send(type="connection_init", payload=params)
                assert await board.closed() == 4403


INSIDE: Final = {"ann", "bob", "cem", "hal", "wu"}
NO_MEMBER: Final = "a member of the planted company by number, with the stranger's token"
