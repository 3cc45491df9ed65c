"""Long messages over a WebSocket come in frames, and are whole."""

from __future__ import annotations

import asyncio
import json

from tests.integration.live.boards import SECONDS
from tests.integration.live.conftest import Live

DAYS = " ".join(
    f'd{number}: attainments(period: "2026", grain: DAY) {{ period startsOn endsOn achieved }}' for number in range(40)
)
"""365 days forty times: some 1.3 MB of each unit."""


async def test_a_long_message_comes_in_frames(live: Live) -> None:
    """No frame has much more than a piece, and together they are JSON. What is short comes in one."""
    async with live.here.board(live.admin) as board:
        found = {}
        for fields in ("name", DAYS):
            number = await board.subscribe(live.ids("East"), f"orgUnits {{ {fields} }}")
            frames = [frame async for frame in board.socket.recv_streaming(decode=False)]
            (unit,) = json.loads(b"".join(frames))["payload"]["data"]["attainmentChanged"]["orgUnits"]
            assert len(unit) == (1 if fields == "name" else 40)
            found[fields] = list(map(len, frames))
            await board.send(id=number, type="complete")
    assert len(found["name"]) == 1
    assert len(found[DAYS]) > 3
    assert sum(found[DAYS]) > 1_000_000
    assert max(found[DAYS]) < 600_000


async def test_long_messages_at_once_do_not_mix(live: Live) -> None:
    """Each of three is as long as the others, with short ones between them, and each is read as it was sent."""
    async with live.here.board(live.admin) as board:
        numbers = []
        for _ in range(3):
            numbers += [
                await board.subscribe(live.ids("East"), f"orgUnits {{ {fields} }}") for fields in (DAYS, "name")
            ]
        told: set[tuple[str, int]] = set()
        async with asyncio.timeout(SECONDS):
            while len(told) < 6:
                message = await board.hear()
                (unit,) = message["payload"]["data"]["attainmentChanged"]["orgUnits"]
                told.add((message["id"], len(unit)))
    assert told == {(number, (40, 1)[place % 2]) for place, number in enumerate(numbers)}
