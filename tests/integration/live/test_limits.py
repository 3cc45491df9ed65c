"""What subscriptions cost: little while they idle, nothing once they are gone, and never more than is allowed."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.attainment_changes import CHANNEL
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.limits import Limits
from quotaloom_graphql.schema import build_schema
from quotaloom_server.connections import Connection, Messages
from tests.acceptance.companies import planned_company
from tests.database_activity import busy
from tests.graph_client import Moment
from tests.integration.live.boards import live_server
from tests.integration.live.conftest import NOW, Live

USUAL = Limits()


async def test_idle_subscriptions_hold_no_connection(live: Live, admin_url: str) -> None:
    """Forty of them, on a pool of ten, and requests are answered as before; none is in a transaction."""
    async with live.here.board(live.admin) as board:
        for _ in range(40):
            await board.subscribe(live.ids("acme", "East"))
        for _ in range(40):
            assert await board.told() == {"Acme": "0.00", "East": "0.00"}
        assert live.here.watching == 40
        assert await busy(admin_url) == 0
        assert await live.admin.ask("{ company { key } }") == {"company": {"key": "acme"}}


async def test_a_slow_client_holds_no_connection_either(live: Live, admin_url: str) -> None:
    """While a message waits to be sent its snapshot has ended; what changes meanwhile is told once, afterwards."""
    identity = live.admin.identity
    assert identity is not None
    connection = Connection(live.here.gate, None, identity=identity)
    query = (
        f'subscription {{ attainmentChanged(orgUnitIds: ["{live.company.ids["East"]}"])'
        ' { orgUnits { attainment(period: "2026") { achieved } } } }'
    )
    stream = await Messages(build_schema(), lambda: None).stream(query, context_value=connection)
    async with aclosing(stream):
        await anext(stream)
        assert await busy(admin_url) == 0
        for number in range(5):
            await live.post("1", f"order {number}")
            await asyncio.sleep(0.3)
        message = await anext(stream)
        (unit,) = message.data["attainmentChanged"]["orgUnits"]
        assert unit["attainment"]["achieved"] == "5.00"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.8)


async def test_a_client_that_goes_away_leaves_nothing(live: Live, admin_url: str) -> None:
    """Whether it says so, ends the connection, or vanishes in the middle of a message."""
    async with live.here.board(live.admin) as board:
        number = await board.subscribe(live.ids("East"))
        await board.told()
        await board.send(id=number, type="complete")
        assert await live.here.nobody_watches()
        await board.subscribe(live.ids("East"))
        await board.told()
    assert await live.here.nobody_watches()
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"))
        board.socket.transport.abort()
    assert await live.here.nobody_watches()
    assert await busy(admin_url) == 0


async def test_there_are_only_so_many_of_one_member(live: Live) -> None:
    """Fifty on one connection; the next is refused there and on another, and possible once one has ended."""
    async with live.here.board(live.admin) as board, live.here.board(live.admin) as other:
        assert USUAL.own_subscriptions == USUAL.connection_subscriptions == 50
        for _ in range(50):
            await board.subscribe(live.ids("East"), "changedAt")
        for _ in range(50):
            assert (await board.hear())["type"] == "next"
        await board.subscribe(live.ids("East"))
        assert await board.refused() == [("TOO_MANY_SUBSCRIPTIONS", [])]
        await other.subscribe(live.ids("East"))
        assert await other.refused() == [("TOO_MANY_SUBSCRIPTIONS", [])]
        await board.send(id="1", type="complete")
        for _ in range(200):
            if live.here.watching < 50:
                break
            await asyncio.sleep(0.02)
        await other.subscribe(live.ids("East"))
        assert await other.told() == {"East": "0.00"}


async def test_a_server_takes_only_so_many(live: Live, database_url: str, tmp_path: Path) -> None:
    """With room for one, the second member's is refused."""
    async with (
        live_server(database_url, tmp_path, Moment(NOW), live_subscriptions=1) as server,
        server.board(live.admin) as board,
        server.board(live.member("Ann")) as other,
    ):
        await board.subscribe(live.ids("East"))
        await board.told()
        await other.subscribe(live.ids("East"))
        assert await other.refused() == [("TOO_MANY_SUBSCRIPTIONS", [])]


async def test_a_company_has_half_of_them(database: Database, database_url: str, tmp_path: Path) -> None:
    """Two of four: a third is refused, whoever of the company asks, and another company's is not."""
    async with live_server(database_url, tmp_path, Moment(NOW), live_subscriptions=4) as server:
        acme, beta = [await planned_company(database, server.graph, key, NOW) for key in ("acme", "beta")]
        async with AsyncExitStack() as stack:
            for company, codes in ((acme, ([], [], ["TOO_MANY_SUBSCRIPTIONS"])), (beta, ([],))):
                for expected in codes:
                    board = await stack.enter_async_context(server.board(company.graph))
                    await board.subscribe([company.ids["East"]])
                    message = await board.hear()
                    told = message["payload"] if message["type"] == "error" else []
                    assert [one["extensions"]["code"] for one in told] == expected
                    assert all(one["extensions"]["limit"] == "company_subscriptions" for one in told)


@pytest.mark.parametrize(("count", "refused"), [(0, ("NO_UNITS", ["orgUnitIds"])), (501, ("TOO_MANY_UNITS", []))])
async def test_a_board_has_only_so_many_units(live: Live, count: int, refused: tuple[str, list[str]]) -> None:
    """None, or more than five hundred, are refused."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East") * count)
        assert await board.refused() == [refused]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        '{"type": 7}',
        '{"type": "unheard of"}',
        '{"type": "subscribe", "id": 7, "payload": {"query": "{ company { key } }"}}',
        '{"type": "subscribe", "id": "1", "payload": "subscription"}',
        '{"type": "complete", "id": {}}',
    ],
)
async def test_what_is_no_message_closes_the_connection(live: Live, text: str) -> None:
    """With 4400, and the server goes on."""
    async with live.here.board(live.admin) as board:
        await board.socket.send(text)
        assert await board.closed() == 4400
    assert await live.admin.ask("{ company { key } }") == {"company": {"key": "acme"}}


@pytest.mark.parametrize("query", ["subscription {", "subscription { nothing }", "# nothing", '{ a(b: "'])
async def test_a_document_that_is_none_ends_its_own_subscription(live: Live, query: str) -> None:
    """The others of its connection go on."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "0.00"}
        await board.send(id="other", type="subscribe", payload={"query": query})
        message = await board.hear()
        assert (message["id"], message["type"]) == ("other", "error")
        assert message["payload"][0]["extensions"]["code"] == "BAD_REQUEST"
        await live.post("5", "first")
        assert await board.told() == {"East": "5.00"}


async def test_queries_go_over_http_and_subscriptions_do_not(live: Live) -> None:
    """Each is refused where it does not belong."""
    async with live.here.board(live.admin) as board:
        await board.send(id="1", type="subscribe", payload={"query": "{ company { key } }"})
        assert await board.refused() == [("BAD_REQUEST", [])]
    answer = await live.here.graph.http.post(
        "/graphql",
        json={"query": "subscription { attainmentChanged(orgUnitIds: []) { changedAt } }"},
        headers=live.admin.headers,
    )
    assert answer.status_code == 400


async def test_an_operation_that_is_not_there_is_refused(live: Live) -> None:
    """One that the document does not name, as over HTTP, is the client's mistake and not the server's."""
    query = f'subscription A {{ attainmentChanged(orgUnitIds: ["{live.company.ids["East"]}"]) {{ changedAt }} }}'
    async with live.here.board(live.admin) as board:
        await board.send(id="1", type="subscribe", payload={"query": query, "operationName": "B"})
        assert await board.refused() == [("BAD_REQUEST", [])]


async def test_notifications_that_are_none_do_no_harm(live: Live, admin_url: str) -> None:
    """Nonsense on the channel is logged, and what follows is told."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"))
        await board.told()
        admin = await asyncpg.connect(**credentials(admin_url))
        await admin.execute("SELECT pg_notify($1, 'nonsense')", CHANNEL)
        await admin.close()
        await live.post("3", "first")
        assert await board.told() == {"East": "3.00"}


async def test_a_server_that_ends_tells_its_clients(live: Live, database_url: str, tmp_path: Path) -> None:
    """Open subscriptions do not keep it: they are closed with 1012, on which clients come back elsewhere."""
    async with live_server(database_url, tmp_path, Moment(NOW)) as server:
        async with server.board(live.admin) as board:
            await board.subscribe(live.ids("East"))
            await board.told()
            began = asyncio.get_running_loop().time()
            server.server.should_exit = True
            assert await board.closed() == 1012
        assert await server.nobody_watches()
    assert asyncio.get_running_loop().time() - began < 3


async def test_boards_that_wait_for_their_own_share_keep_no_other_from_being_told(live: Live) -> None:
    """Ann's operations hold all that she may; her boards wait, more than may read at once; the admin's is told."""
    ann, shares = live.member("Ann"), live.here.services.shares
    assert shares is not None
    whose = ann.authority.authenticate(ann.headers["authorization"]).payer
    async with AsyncExitStack() as stack:
        boards = [await stack.enter_async_context(live.here.board(ann)) for _ in range(6)]
        admin = await stack.enter_async_context(live.here.board(live.admin))
        for board in (*boards, admin):
            await board.subscribe(live.ids("East"))
            assert await board.told() == {"East": "0.00"}
        for _ in range(5):
            assert shares.take(whose)
        assert not shares.take(whose)
        await live.post("7", "first")
        assert await admin.told() == {"East": "7.00"}
        assert await boards[0].hears_nothing()  # they have all begun to wait
        await live.post("5", "second")
        assert await admin.told() == {"East": "12.00"}
        for _ in range(5):
            shares.give(whose)
        for board in boards:
            assert await board.told() == {"East": "12.00"}
    assert await live.here.nobody_watches()
    assert shares.take(whose)
    assert (shares._holding, shares._waiting) == ({whose: 1}, {})


async def test_a_message_has_no_more_bytes_than_an_answer(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Over a WebSocket and as an event it says so, in place of the data, and goes on: the next one may be smaller."""
    async with live_server(database_url, tmp_path, Moment(NOW), answer_bytes=1_000) as server:
        company = await planned_company(database, server.graph, "acme", NOW)
        root = company.ids["acme"]
        async with server.board(company.graph) as board:
            for fields in ("changedAt", "orgUnits { " + " ".join(f"a{number}: id" for number in range(60)) + " }"):
                await board.subscribe([root], fields)
            heard: dict[str, Any] = {}  # the first may be told again before the second is told at all
            while heard.keys() != {"1", "2"}:
                message = await board.hear()
                heard.setdefault(message["id"], message)
        assert heard["1"]["payload"]["data"] is not None
        told = heard["2"]
        assert told["type"] == "next"
        many = " ".join(f"a{number}: id" for number in range(60))
        query = f'subscription {{ attainmentChanged(orgUnitIds: ["{root}"]) {{ orgUnits {{ {many} }} }} }}'
        headers = {**company.graph.headers, "accept": "text/event-stream"}
        async with company.graph.http.stream("POST", "/graphql", json={"query": query}, headers=headers) as answer:
            data = await anext(line async for line in answer.aiter_lines() if line.startswith("data: "))
        for response in (told["payload"], json.loads(data.removeprefix("data: "))):
            (error,) = response["errors"]
            assert response["data"] is None
            limit = error["extensions"]
            assert (limit["code"], limit["limit"], limit["allowed"]) == ("ANSWER_TOO_LARGE", "answer_bytes", 1_000)
            assert limit["found"] > 1_000
