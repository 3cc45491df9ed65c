"""Messages of subscriptions count as operations do: what cannot be paid for waits, and is told with what follows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from quotaloom.notifications.telling import notify
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Writer
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, Moment
from tests.integration.graph.aftermath import assigned
from tests.integration.live.boards import live_server
from tests.integration.live.conftest import NOW, Live

A_MESSAGE = 1_000 + 10_000 + 28
"""What a message of a board of one unit counts.

1,000 for an operation, 10,000 for reading attainment, 20 for computing one; and the message, its moment, its list, the
unit, its name, the attainment, its target and what is achieved.
"""

A_NOTE = 1_000 + 3 + 50 * 2
"""What a message of notifications counts: its list is reckoned with fifty, each with its text."""


@asynccontextmanager
async def paying(database: Database, url: str, folder: Path, a_minute: int) -> AsyncIterator[Live]:
    """Boards listen where a token has so much a minute; the admin writes where it has the usual."""
    clock = Moment(NOW)
    async with (
        live_server(url, folder, clock, token_cost_per_minute=a_minute) as here,
        live_server(url, folder, clock) as there,
    ):
        yield Live(here, there, await planned_company(database, there.graph, "acme", NOW))


async def drain(client: GraphClient, pages: int, rows: int = 0) -> int:
    """Ask for pages, each 10,002, and single units, each 1,002; what that counts."""
    asked = [f"p{n}: orgUnits(first: 1) {{ totalCount }}" for n in range(pages)]
    asked += [f'r{n}: orgUnit(key: "acme") {{ key }}' for n in range(rows)]
    document = f"{{ {' '.join(asked)} }}"
    assert client.identity is not None
    await client.signed_in(replace(client.identity, subject="reader", member_id=None, role=Role.SERVICE)).send(document)
    await client.ask(document)  # which is known by then, and has not to be read
    return 1_000 + pages * 10_002 + rows * 1_002


def service(live: Live) -> GraphClient:
    """A service that reads."""
    scopes = frozenset({"graph:read"})
    return live.here.graph.signed_in(Identity(live.company.company_id, "wall", Role.SERVICE, scopes=scopes))


async def test_a_board_that_cannot_pay_waits_and_is_told_of_all_at_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Twelve orders one after the other, at 11,000 in a second: no message that was not paid for, the last has all."""
    async with paying(database, database_url, tmp_path, 660_000) as live, AsyncExitStack() as stack:
        wall = service(live)
        board = await stack.enter_async_context(live.here.board(wall))
        began = time.monotonic()
        await board.subscribe(live.ids("East"))
        told = [await board.told()]
        drained = await drain(wall, 62)
        for number in range(12):
            await live.post("1", f"order {number}")
            with suppress(TimeoutError):
                told.append(await board.told(0.4))
        while told[-1] != {"East": "12.00"}:
            told.append(await board.told())
        seconds = time.monotonic() - began
    assert len(told) * A_MESSAGE + drained <= 660_000 + 11_000 * seconds


async def test_notes_that_cannot_be_paid_for_come_together(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Eight notes one after the other, at 1,000 in a second: each comes once, in no message that was not paid for."""
    async with paying(database, database_url, tmp_path, 60_000) as live:
        made = await live.admin.do("createMember", "member { id }", name="Ann")
        live.company.ids["Ann"] = made["member"]["id"]
        ann = live.member("Ann")
        assert ann.identity is not None
        assert ann.identity.member_id is not None
        async with live.here.board(ann) as board:
            began = time.monotonic()
            query = "subscription { notificationAdded { unread notifications { text } } }"
            await board.send(id="1", type="subscribe", payload={"query": query})
            told = [_notes(await board.hear())]
            drained = await drain(ann, 5, 6)
            for number in range(8):
                await _note(database, live.company.company_id, ann.identity.member_id, f"Record {number}")
                with suppress(TimeoutError):
                    told.append(_notes(await board.hear(0.3)))
            while sum(told) < 8:
                told.append(_notes(await board.hear()))
            seconds = time.monotonic() - began
    assert sum(told) == 8
    assert len(told) * A_NOTE + drained <= 60_000 + 1_000 * seconds


async def _note(database: Database, company_id: int, member_id: int, record: str) -> None:
    notes = [assigned(member_id, record)]
    await database.write(company_id, Writer("tests", None, NOW), lambda transaction: notify(transaction, notes))


def _notes(message: Any) -> int:
    return len(message["payload"]["data"]["notificationAdded"]["notifications"])
