"""A client of the whole application: HTTP in, tokens checked, JSON out, on the test's own database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from quotaloom.platform.access import Role
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom.policies.discovery import Discovery
from quotaloom_server.application import create_application
from quotaloom_server.hosting import find_plugins
from quotaloom_server.keys import token_authority
from tests.loaded_once import built_in_plugins, loading_once


@dataclass
class Moment:
    """A clock that stands where the test puts it."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment."""
        return self.now


@dataclass
class GraphClient:
    """Sends operations as somebody; raises where the answer has errors that the test did not ask for."""

    http: httpx.AsyncClient
    authority: TokenAuthority
    clock: Moment
    identity: Identity | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def signed_in(self, identity: Identity) -> GraphClient:
        """The same application, seen by somebody."""
        token = self.authority.issue(identity, datetime.now(UTC), timedelta(hours=1))
        headers = {"authorization": f"Bearer {token}"}
        return GraphClient(self.http, self.authority, self.clock, identity, headers)

    def admin(self, company_id: int, member_id: int) -> GraphClient:
        """An admin of a company."""
        return self.signed_in(Identity(company_id, "admin", Role.ADMIN, member_id))

    def member(self, company_id: int, member_id: int) -> GraphClient:
        """A member of a company."""
        return self.signed_in(Identity(company_id, "member", Role.MEMBER, member_id))

    async def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must not fail."""
        answer = await self.send(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, field: str, selection: str, **input: Any) -> Any:
        """Run one mutation that must not be refused; its payload."""
        payload = await self.try_to(field, selection, **input)
        assert payload["errors"] == [], payload["errors"]
        return payload

    async def try_to(self, field: str, selection: str, **input: Any) -> Any:
        """Run one mutation; its payload with `errors`."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        query = (
            f"mutation ($input: {type_name}!) {{ {field}(input: $input)"
            f" {{ {selection} errors {{ path code message }} }} }}"
        )
        return (await self.ask(query, input=input))[field]


@asynccontextmanager
async def serving(
    database_url: str, folder: Path, now: datetime, *, plugins: bool | Discovery = False, **options: Any
) -> AsyncIterator[GraphClient]:
    """The application on a migrated database, its clock standing at `now`; `options` are settings.

    With `plugins` whatever is installed is found, as `quotaloom serve` does it, unless it was found before.
    """
    settings, clock = Settings(data_dir=folder, **options), Moment(now)
    with loading_once():
        if not isinstance(plugins, Discovery):
            plugins = await find_plugins(settings) if plugins else built_in_plugins()
        application = create_application(settings, database_url, clock, plugins)
    transport = httpx.ASGITransport(app=application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http,
    ):
        yield GraphClient(http, token_authority(settings), clock)
