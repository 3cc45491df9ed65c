"""Tokens of a real OpenID provider, for a page of somebody else's, at the graph of a server on a port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
from benchmarks.npm import NoNetwork

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom_server import outside_tokens
from tests.founding import found
from tests.graph_client import GraphClient, Moment
from tests.integration.credentials.browsing import PAGE, Browser, RunningProvider, providing
from tests.integration.credentials.office import NOON, Office, subject_of
from tests.integration.live.boards import LiveServer, live_server
from tests.left_out import leave_out

API = "urn:quotaloom-api:300"
BRIEF = "urn:quotaloom-api:2"
OTHER_API = "urn:another-api:300"
REFUSED = "UNAUTHENTICATED: the token is not valid here"


@pytest.fixture
async def provider() -> AsyncIterator[tuple[RunningProvider, AsyncExitStack]]:
    """A provider, and what ends it."""
    async with AsyncExitStack() as running:
        try:
            found_provider = await running.enter_async_context(providing())
        except NoNetwork as error:
            leave_out("an OpenID provider", f"its packages cannot be downloaded: {error}")
        yield found_provider, running


def claims_of(token: str) -> Any:
    """What a token says, unchecked."""
    return jwt.decode(token, options={"verify_signature": False})


async def as_whom(server: LiveServer, token: str) -> str:
    """As whom a token is let in at a server, or why it is not."""
    headers = {"authorization": f"Bearer {token}"}
    return await subject_of(GraphClient(server.graph.http, server.graph.authority, server.graph.clock, headers=headers))


async def test_a_providers_tokens_let_in(
    database: Database,
    database_url: str,
    tmp_path: Path,
    provider: tuple[RunningProvider, AsyncExitStack],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those for our API do, of whoever is linked, until they end; not those for others, by others or put together.

    ID tokens are for the page that asked for them, and let in where that is whom tokens are for. When the provider
    begins anew, with another key, a token by that is good at once, and one by the old key no more.
    """
    monkeypatch.setattr(outside_tokens, "LEEWAY", 0)
    first, running = provider
    ours: dict[str, Any] = {"oidc_issuer": first.url, "oidc_audience": "quotaloom-api"}
    pages: dict[str, Any] = {"oidc_issuer": first.url, "oidc_audience": PAGE}
    another: dict[str, Any] = {**ours, "oidc_issuer": f"{first.url}/another", "oidc_jwks_url": f"{first.url}/jwks"}
    work = await found(database, NOON, time_zone="UTC")
    ada = await create_member(work, NewMember("Ada", role="admin"))
    bo = await create_member(work, NewMember("Bo"))
    async with AsyncExitStack() as servers:
        server, of_pages, of_another = [
            await servers.enter_async_context(live_server(database_url, tmp_path, Moment(NOON), **settings))
            for settings in (ours, pages, another)
        ]
        for one in (server, of_another):
            office = Office(work, one.graph, ada, bo)
            await office.ada.do("linkMember", "", memberId=office.bo_gid, subject="00u1")
        async with Browser(server.graph.http) as browser:
            good = await browser.tokens(first, "00u1", API)
            brief = await browser.tokens(first, "00u1", BRIEF)
            for_others = await browser.tokens(first, "00u1", OTHER_API)
        said = claims_of(good.access)
        assert (said["iss"], said["aud"], said["sub"]) == (first.url, "quotaloom-api", "00u1")
        assert await as_whom(server, good.access) == "bo"
        assert await as_whom(of_pages, good.id) == "bo"
        header, _, signature = good.access.split(".")
        forged = f"{header}.{for_others.access.split('.')[1]}.{signature}"
        for where, token in (
            (server, good.id),
            (of_pages, good.access),
            (server, for_others.access),
            (server, forged),
            (of_another, good.access),
        ):
            assert await as_whom(where, token) == REFUSED
        await asyncio.sleep(max(0.0, claims_of(brief.access)["exp"] - time.time()))
        assert await as_whom(server, brief.access) == "UNAUTHENTICATED: the token has expired; ask for a new one"

        await running.aclose()
        assert await as_whom(server, good.access) == "bo"
        again = await running.enter_async_context(providing(first.url))
        async with Browser(server.graph.http) as browser:
            newer = await browser.tokens(again, "00u1", API)
        assert await as_whom(server, newer.access) == "bo"
        assert await as_whom(server, good.access) == (
            "UNAUTHENTICATED: the token is signed by no key that its issuer has"
        )
