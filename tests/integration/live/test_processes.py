"""Two `quotaloom serve` on one database, and a board between them."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from tests.integration.live.boards import board_at
from tests.integration.server.conftest import new_home
from tests.integration.server.processes import Home, Server

ORDER = """
mutation ($items: [PostAchievementItem!]!) {
  postAchievements(input: { items: $items }) { posted errors { code message } }
}
"""


def prepared(server: Server) -> str:
    """The id of a position of the company that the server has, with a holder."""
    admin = server.home.run("token", "--company", "acme").stdout.strip()
    root = server.ask("{ company { root { id } } viewer { member { id } } }", admin)["data"]
    made = server.ask(
        "mutation ($input: CreateOrgUnitInput!) { createOrgUnit(input: $input) { orgUnit { id } } }",
        admin,
        input={"name": "East", "kind": "POSITION", "parentId": root["company"]["root"]["id"]},
    )
    position: str = made["data"]["createOrgUnit"]["orgUnit"]["id"]
    answer = server.ask(
        "mutation ($input: AppointHolderInput!) { appointHolder(input: $input) { errors { message } } }",
        admin,
        input={"positionId": position, "memberId": root["viewer"]["member"]["id"]},
    )
    assert answer["data"] == {"appointHolder": {"errors": []}}
    return position


async def test_a_board_hears_of_what_another_process_took() -> None:
    """Posted through one, told by the other within a second; SIGTERM ends a server that boards listen to."""
    with new_home() as home:
        here = home.serve()
        here.found_company("acme")
        position = prepared(here)
        there = Home(home.data).serve()
        token = home.run("token", "--company", "acme").stdout.strip()
        async with board_at(home.port) as board:
            await board.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
            await board.hear()
            year = datetime.now(UTC).year
            fields = f'orgUnits {{ name attainment(period: "{year}") {{ achieved }} }}'
            await board.subscribe([position], fields)
            assert await board.told() == {"East": "0.00"}
            began = time.monotonic()
            await asyncio.to_thread(_post, there, token, position)
            assert await board.told() == {"East": "12.00"}
            assert time.monotonic() - began < 2  # the order's own time included
            ended = asyncio.create_task(asyncio.to_thread(here.end))
            assert await board.closed() == 1012
            await ended
        there.end()
        assert home.is_left_alone()


def _post(server: Server, token: str, position: str) -> None:
    item = {
        "metric": "revenue",
        "amount": "12",
        "businessDate": datetime.now(UTC).date().isoformat(),
        "source": "ORDER",
        "sourceKey": "SO-1",
        "idempotencyKey": "SO-1",
        "credits": [{"positionId": position, "share": "1"}],
    }
    answer = server.ask(ORDER, token, items=[item])
    assert answer["data"]["postAchievements"]["errors"] == [], answer
