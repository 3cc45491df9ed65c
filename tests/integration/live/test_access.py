"""Who is let in, what he may listen to, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from quotaloom_server.live import FORBIDDEN
from tests.acceptance.companies import planned_company
from tests.integration.live.conftest import NOW, Live


async def head(live: Live, member: str, unit: str) -> str:
    """Appoint a head of a unit; the headship's id."""
    payload = await live.admin.do(
        "appointHead",
        "orgUnit { heads { id } }",
        orgUnitId=live.company.ids[unit],
        memberId=live.company.ids[member],
        validFrom="2026-01-01",
    )
    (found,) = payload["orgUnit"]["heads"]
    headship: str = found["id"]
    return headship


async def test_a_token_is_needed(live: Live) -> None:
    """Without one, with one that is none, or before it was shown, the connection is closed with 4403 and 4401."""
    for params in ({}, {"authorization": "Bearer nonsense"}, {"Authorization": 1}):
        async with live.here.connected() as board:
            await board.send(type="connection_init", payload=params)
            assert await board.closed() == FORBIDDEN
    async with live.here.connected() as board:
        await board.subscribe(live.ids("East"))
        assert await board.closed() == 4401


async def test_what_one_may_not_see_answers_as_what_is_not_there(live: Live, database: Database) -> None:
    """A unit of another company, of nowhere, of another's, one known by name alone, and an id of something else."""
    other = await planned_company(database, live.there.graph, "beta", NOW)
    async with live.here.board(live.member("Ann")) as board:
        for unit_id in (
            other.ids["East"],
            encode_id("OrgUnit", 10**17),
            live.company.ids["West"],
            live.company.ids["acme"],
            live.company.ids["Ann"],
        ):
            await board.subscribe([live.company.ids["East"], unit_id])
            assert await board.refused() == [("NOT_FOUND", ["orgUnitIds", 1])]
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "0.00"}


async def test_a_head_who_lost_his_headship_is_told_nothing_more(live: Live) -> None:
    """Ann holds East and heads the root: both are told. Once she heads it no more, East alone is."""
    headship = await head(live, "Ann", "acme")
    async with live.here.board(live.member("Ann")) as board:
        await board.subscribe(live.ids("acme", "East", "West"))
        assert await board.told() == {"Acme": "0.00", "East": "0.00", "West": "0.00"}
        await live.admin.do("endHeadship", "orgUnit { id }", id=headship, on="2026-05-05")
        await live.post("5", "first", "West")
        assert await board.hears_nothing()
        await live.post("7", "second")
        assert await board.told() == {"East": "7.00"}


async def test_a_subscription_ends_when_nothing_of_it_is_seen_any_more(live: Live) -> None:
    """Bob heads the root for a while and listens to East: after that the next change ends it, without any figure."""
    headship = await head(live, "Bob", "acme")
    async with live.here.board(live.member("Bob")) as board:
        number = await board.subscribe(live.ids("East"))
        await board.told()
        await live.admin.do("endHeadship", "orgUnit { id }", id=headship, on="2026-05-05")
        await live.post("5", "first")
        message = await board.hear()
        assert message["payload"]["data"] is None
        assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert await board.hear() == {"id": number, "type": "complete"}
        assert await live.here.nobody_watches()


async def test_a_token_that_ends_closes_the_connection(live: Live) -> None:
    """One that is good for two seconds is let in, and closed with 4403 when they are over, though nothing happens."""
    identity = live.member("Ann").identity
    assert identity is not None
    token = live.here.graph.authority.issue(identity, datetime.now(UTC), timedelta(seconds=2))
    async with live.here.board(live.admin, authorization=f"Bearer {token}") as board:
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "0.00"}
        assert await board.closed() == FORBIDDEN
    assert await live.here.nobody_watches()


async def test_whoever_has_left_is_shut_out_at_the_next_change(live: Live) -> None:
    """Ann leaves; the next order of her position closes her connection with 4403, and tells her nothing."""
    async with live.here.board(live.member("Ann")) as board:
        await board.subscribe(live.ids("East"))
        await board.told()
        await live.admin.do("memberLeaves", "member { id }", id=live.company.ids["Ann"], on="2026-05-05")
        await live.company.post(
            "East", "2026-05-04", "5", "first", credits=[{"positionId": live.company.ids["East"], "share": "1"}]
        )
        assert await board.closed() == FORBIDDEN


@pytest.mark.parametrize(("scopes", "expected"), [({"graph:read"}, None), ({"targets:write"}, "FORBIDDEN")])
async def test_a_service_needs_the_scope_to_read(live: Live, scopes: set[str], expected: str | None) -> None:
    """With `graph:read` it is told; without, refused."""
    service = live.here.graph.signed_in(
        Identity(live.company.company_id, "service:board", Role.SERVICE, scopes=frozenset(scopes))
    )
    async with live.here.board(service) as board:
        await board.subscribe(live.ids("acme"))
        if expected is None:
            assert await board.told() == {"Acme": "0.00"}
        else:
            assert await board.refused() == [(expected, [])]


async def test_refused_access_is_noted_by_whichever_way_it_comes(live: Live) -> None:
    """A token that is over, by a WebSocket and by an event stream, and a service that may not read: an entry each."""
    identity = live.member("Ann").identity
    assert identity is not None
    graph = live.here.graph
    over = graph.authority.issue(identity, datetime.now(UTC) - timedelta(hours=2), timedelta(hours=1))
    async with live.here.connected() as board:
        await board.send(type="connection_init", payload={"authorization": f"Bearer {over}"})
        assert await board.closed() == FORBIDDEN
    async with graph.http.stream(
        "POST",
        "/graphql",
        json={"query": "subscription { notificationAdded { unread } }"},
        headers={"authorization": f"Bearer {over}", "accept": "text/event-stream"},
    ) as answer:
        assert answer.status_code == 401
    service = Identity(live.company.company_id, "service:board", Role.SERVICE, scopes=frozenset({"targets:write"}))
    async with live.here.board(graph.signed_in(service)) as board:
        await board.subscribe(live.ids("acme"))
        assert await board.refused() == [("FORBIDDEN", [])]
    found = await live.admin.ask('{ auditLog(actions: ["access.refused"]) { nodes { actor after } } }')
    noted = sorted((node["actor"], node["after"]["code"]) for node in found["auditLog"]["nodes"])
    assert noted == [("member", "UNAUTHENTICATED")] * 2 + [("service:board", "FORBIDDEN")]
