"""Subscriptions, as the reference clients of both protocols hold them: graphql-ws and graphql-sse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quotaloom_server.live import FORBIDDEN
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import FIGURES, LiveServer, live_server
from tests.integration.live.conftest import NOW, Live, live
from tests.integration.protocol.running import Subscriber, Suites

__all__ = ["live"]

REFUSED = {"ws": FORBIDDEN, "sse": 401}
"""How somebody who is not let in is told so."""


def token_of(client: GraphClient, **life: int) -> str:
    """A token of whoever this is."""
    assert client.identity is not None
    return client.authority.issue(client.identity, datetime.now(UTC), timedelta(**(life or {"hours": 1})))


@asynccontextmanager
async def both(suites: Suites, server: LiveServer, token: str) -> AsyncIterator[list[Subscriber]]:
    """A client of each kind with the same token."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(suites.subscriber(kind, server.port)) for kind in REFUSED]
        for client in clients:
            await client.do(token=token)
        yield clients


async def subscribe(client: Subscriber, unit_ids: list[str]) -> None:
    """Subscribe to units, as number 1."""
    query = f"subscription ($ids: [ID!]!) {{ attainmentChanged(orgUnitIds: $ids) {{ {FIGURES} }} }}"
    await client.do(subscribe={"id": 1, "query": query, "variables": {"ids": unit_ids}})


async def test_they_are_told_what_changes_until_they_have_enough(suites: Suites, live: Live) -> None:
    """Let in, all units at once, each change, and nothing is left on the server once they unsubscribe."""
    async with both(suites, live.here, token_of(live.member("Ann"))) as clients:
        for client in clients:
            await subscribe(client, live.ids("East"))
            assert await client.says() == {"let_in": True}
            assert await client.hears() == {"East": "0.00"}
        assert live.here.watching == 2
        await live.post("5", "first")
        for client in clients:
            assert await client.hears() == {"East": "5.00"}
            await client.do(complete=1)
            assert await client.says() == {"complete": 1}
        assert await live.here.nobody_watches()


async def test_they_come_back(suites: Suites, live: Live, database_url: str, tmp_path: Path) -> None:
    """With another token where one is not good or has run out in mid-stream, and to a server that was started again.

    Each time everything is told anew, so that nothing is missed.
    """
    ann = live.member("Ann")
    async with live_server(database_url, tmp_path, Moment(NOW)) as server, both(suites, server, "none") as clients:
        for client in clients:
            await subscribe(client, live.ids("East"))
            assert await client.says() == {"ended": REFUSED[client.kind]}
            await client.do(token=token_of(ann, seconds=3))
            assert await client.hears() == {"East": "0.00"}
            await client.do(token=token_of(ann))
        for client in clients:
            assert await client.hears() == {"East": "0.00"}
        await live.post("5", "first")
        for client in clients:
            assert await client.hears() == {"East": "5.00"}
        await server.end()
        assert server.watching == 0
        async with live_server(database_url, tmp_path, Moment(NOW), port=server.port):
            for client in clients:
                assert await client.hears() == {"East": "5.00"}


async def test_they_are_cut_off_when_access_is_withdrawn(suites: Suites, live: Live) -> None:
    """Bob no longer heads East: its next change ends his subscription. Ann leaves: hers is refused for good."""
    head = await live.admin.do(
        "appointHead",
        "orgUnit { heads { id } }",
        orgUnitId=live.company.ids["acme"],
        memberId=live.company.ids["Bob"],
        validFrom="2026-01-01",
    )
    async with (
        both(suites, live.here, token_of(live.member("Ann"))) as anns,
        both(suites, live.here, token_of(live.member("Bob"))) as bobs,
    ):
        for client in (*anns, *bobs):
            await subscribe(client, live.ids("East"))
            assert await client.hears() == {"East": "0.00"}
        (headship,) = head["orgUnit"]["heads"]
        await live.admin.do("endHeadship", "orgUnit { id }", id=headship["id"], on="2026-05-05")
        await live.admin.do("memberLeaves", "member { id }", id=live.company.ids["Ann"], on="2026-05-05")
        await live.company.post(
            "East", "2026-05-04", "5", "first", credits=[{"positionId": live.company.ids["East"], "share": "1"}]
        )
        for client in bobs:
            last = await client.says()
            assert (last.get("data"), last["errors"][0]["extensions"]["code"]) == (None, "NOT_FOUND")
            assert await client.says() == {"complete": 1}
        for client in anns:
            said = [await client.says() for _ in range(4)]
            assert {"ended": REFUSED[client.kind]} in said
            assert all(one.keys() <= {"ended", "let_in"} for one in said), "nothing is told any more"
        assert await live.here.nobody_watches()
