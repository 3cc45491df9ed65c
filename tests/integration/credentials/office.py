"""A company with an admin and a member, and a server that lets them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.platform.work import Work
from quotaloom_graphql.nodes import encode_id
from tests.founding import found
from tests.graph_client import GraphClient, serving

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

REFUSED = '{ auditLog(actions: ["access.refused"]) { nodes { actor credential reason } } }'


@dataclass
class Office:
    """Ada, an admin, and Bo."""

    work: Work
    graph: GraphClient
    ada_id: int
    bo_id: int

    @property
    def ada(self) -> GraphClient:
        """The admin."""
        return self.graph.signed_in(Identity(self.work.company.id, "ada", Role.ADMIN, self.ada_id))

    @property
    def bo(self) -> GraphClient:
        """The member."""
        return self.graph.signed_in(Identity(self.work.company.id, "bo", Role.MEMBER, self.bo_id))

    @property
    def bo_gid(self) -> str:
        """Bo's id in the graph."""
        return encode_id("Member", self.bo_id)

    def bearing(self, token: str, **headers: str) -> GraphClient:
        """Whoever bears a token or key."""
        sent = {"authorization": f"Bearer {token}", **headers}
        return GraphClient(self.graph.http, self.graph.authority, self.graph.clock, headers=sent)

    async def turned_away(self) -> list[tuple[str, str, str]]:
        """Who was refused access, by which key, and why, the latest first."""
        entries = (await self.ada.ask(REFUSED))["auditLog"]["nodes"]
        return [(entry["actor"], entry["credential"], entry["reason"]) for entry in entries]


@asynccontextmanager
async def open_office(database: Database, database_url: str, folder: Path, **options: Any) -> AsyncIterator[Office]:
    """The company `acme` at noon; `options` are settings of its server."""
    work = await found(database, NOON, time_zone="UTC")
    ada = await create_member(work, NewMember("Ada", role="admin"))
    bo = await create_member(work, NewMember("Bo"))
    async with serving(database_url, folder, NOON, **options) as graph:
        yield Office(work, graph, ada, bo)


async def subject_of(client: GraphClient) -> str:
    """As whom somebody is let in; the code and the message of the refusal where he is not."""
    answer = await client.send("{ viewer { subject } }")
    if "errors" in answer:
        (error,) = answer["errors"]
        return f"{error['extensions']['code']}: {error['message']}"
    subject: str = answer["data"]["viewer"]["subject"]
    return subject
