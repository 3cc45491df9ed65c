"""Sellers who claim from a pool and give back, and a payroll that starts and cancels runs, while servers are killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from strawberry.relay import GlobalID

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.settings import load_settings
from quotaloom.platform.tokens import Identity
from quotaloom_server.keys import token_authority
from tests.acceptance.crashes.busy_company import LABELS, BusyCompany
from tests.acceptance.crashes.installation import Installation
from tests.integration.jobs.doing import until

PATIENCE: Final = 20.0
"""Seconds after which a request counts as one that hangs."""

PAUSE: Final = 0.005

_RESULTS: Final = "results { recordId done refusal { code } }"

_CLAIM: Final = f"claimRecords(input: $input) {{ {_RESULTS} errors {{ code }} }}"
_NEXT: Final = f"claimNextRecords(input: $input) {{ {_RESULTS} stoppedBy {{ code }} errors {{ code }} }}"
_RELEASE: Final = f"releaseRecords(input: $input) {{ {_RESULTS} errors {{ code }} }}"
_START: Final = "startIncentiveRun(input: $input) { incentiveRun { id } errors { code } }"
_CANCEL: Final = "cancelIncentiveRun(input: $input) { incentiveRun { id } errors { code } }"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for under a key, and the payload that acknowledged it."""

    mutation: str
    input: dict[str, Any]
    key: str
    payload: dict[str, Any]


@dataclass
class Sender:
    """Sends requests with keys, each until it is acknowledged, and remembers them; `again` counts those sent again."""

    client: httpx.AsyncClient
    name: str
    acknowledged: list[Request] = field(default_factory=list)
    again: int = 0

    async def do(self, mutation: str, input: dict[str, Any]) -> dict[str, Any]:
        """The payload of a mutation, however often it has to be sent; nothing may be wrong with it."""
        key = f"{self.name}-{len(self.acknowledged)}"
        while (payload := await self._sent(mutation, input, key)) is None:
            self.again += 1
            await asyncio.sleep(PAUSE)
        assert payload["errors"] == [], (mutation, input, payload)
        self.acknowledged.append(Request(mutation, input, key, payload))
        return payload

    async def repeated(self, request: Request) -> dict[str, Any] | None:
        """What is answered to the same request under the same key."""
        return await self._sent(request.mutation, request.input, request.key)

    async def _sent(self, mutation: str, input: dict[str, Any], key: str) -> dict[str, Any] | None:
        """The payload; None where the connection ended, or the database or the time did not suffice."""
        name = mutation.partition("(")[0]
        query = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {mutation} }}"
        body = {"query": query, "variables": {"input": input}}
        try:
            answer = await self.client.post("/graphql", json=body, headers={"idempotency-key": key})
        except httpx.TimeoutException:
            raise
        except httpx.TransportError:
            return None
        told = answer.json()
        codes = {error.get("extensions", {}).get("code") for error in told.get("errors", ())}
        if codes == {"UNAVAILABLE"}:
            return None
        assert not codes, told
        payload: dict[str, Any] = told["data"][name]
        return None if payload["errors"] == [{"code": "TOO_SLOW"}] else payload


@dataclass
class Claimant:
    """A seller: what he was told that he has, and each movement of his, in order."""

    sender: Sender
    member: int
    lake: str
    leads: Sequence[int]
    dice: random.Random
    held: list[int] = field(default_factory=list)
    moved: list[tuple[str, int]] = field(default_factory=list)
    refused: int = 0

    async def live(self, stopping: asyncio.Event) -> None:
        """Claim the next ones or named ones, and give some back, by turns."""
        while not stopping.is_set():
            if self.held and self.dice.random() < 0.35:
                await self._release(self.dice.sample(self.held, min(2, len(self.held))))
            elif self.dice.random() < 0.5:
                self._take(await self.sender.do(_NEXT, {"poolId": self.lake, "count": self.dice.randint(1, 3)}))
            else:
                self._take(await self.sender.do(_CLAIM, {"recordIds": _ids(self.dice.sample(self.leads, 3))}))

    def _take(self, payload: dict[str, Any]) -> None:
        got = _done(payload)
        self.refused += len(payload["results"]) - len(got) + bool(payload.get("stoppedBy"))
        self.held += got
        self.moved += [("claim", lead) for lead in got]

    async def _release(self, leads: list[int]) -> None:
        input = {"recordIds": _ids(leads), "reason": "No time"}
        assert _done(await self.sender.do(_RELEASE, input)) == leads
        self.held = [lead for lead in self.held if lead not in leads]
        self.moved += [("release", lead) for lead in leads]


@dataclass
class Payroll:
    """A service that starts a run and cancels it, over and over."""

    sender: Sender
    runs: list[int] = field(default_factory=list)

    async def live(self, stopping: asyncio.Event) -> None:
        """Never leave one open."""
        while not stopping.is_set():
            started = await self.sender.do(_START, {"period": LABELS[-1]})
            run = started["incentiveRun"]["id"]
            self.runs.append(_number(run))
            assert (await self.sender.do(_CANCEL, {"id": run}))["incentiveRun"]["id"] == run


@dataclass
class Crowd:
    """Some claimants and a payroll."""

    claimants: list[Claimant]
    payroll: Payroll

    @property
    def senders(self) -> list[Sender]:
        """All who send."""
        return [*(one.sender for one in self.claimants), self.payroll.sender]

    @property
    def acknowledged(self) -> int:
        """How many requests were."""
        return sum(len(sender.acknowledged) for sender in self.senders)

    async def until_acknowledged(self, more: int) -> None:
        """Wait until so many more requests were acknowledged."""
        wanted = self.acknowledged + more
        await until(lambda: self.acknowledged >= wanted, pause=PAUSE)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Live while the block runs; what is under way at its end is sent until it is acknowledged."""
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for life in (*(one.live for one in self.claimants), self.payroll.live):
                group.create_task(life(stopping))
            try:
                yield
            finally:
                stopping.set()


@asynccontextmanager
async def crowd(
    installation: Installation, company: BusyCompany, seats: int, leads: Sequence[int]
) -> AsyncIterator[Crowd]:
    """The first sellers of the company, who claim from its lake, and its payroll."""
    authority = token_authority(load_settings(data_dir=installation.home))
    number, clients = company.work.company.id, []

    def sender(identity: Identity) -> Sender:
        token = authority.issue(identity, datetime.now(UTC), timedelta(hours=24))
        client = httpx.AsyncClient(
            base_url=installation.address,
            headers={"authorization": f"Bearer {token}"},
            timeout=PATIENCE,
            trust_env=False,
        )
        clients.append(client)
        return Sender(client, identity.subject)

    lake = str(GlobalID("Pool", str(company.pools["lake"])))
    claimants = [
        Claimant(
            sender(Identity(number, f"seller-{seat}", Role.MEMBER, member)), member, lake, leads, random.Random(seat)
        )
        for seat, member in enumerate(company.members[:seats])
    ]
    scopes = frozenset({Scope.READ.value, Scope.INCENTIVES.value})
    try:
        yield Crowd(claimants, Payroll(sender(Identity(number, "payroll", Role.SERVICE, scopes=scopes))))
    finally:
        for client in clients:
            await client.aclose()


def _ids(leads: Sequence[int]) -> list[str]:
    return [str(GlobalID("Lead", str(lead))) for lead in leads]


def _number(id: str) -> int:
    return int(GlobalID.from_id(id).node_id)


def _done(payload: dict[str, Any]) -> list[int]:
    return [_number(one["recordId"]) for one in payload["results"] if one["done"]]
