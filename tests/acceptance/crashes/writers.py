"""Clients that write one thing after the other, and remember what was sent, acknowledged and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from strawberry.relay import GlobalID

from quotaloom.platform.errors import Unavailable
from quotaloom.platform.jobs.queue import enqueue
from quotaloom.platform.unit_of_work import Transaction, Writer
from tests.acceptance.crashes.installation import YEAR, Installation
from tests.acceptance.crashes.memory import Memory
from tests.acceptance.crashes.nursery import POST

WRITERS: Final = 3
PATIENCE: Final = 20.0
"""Seconds after which a request counts as one that hangs."""

_POST = "mutation ($input: PostAchievementsInput!) { postAchievements(input: $input) { posted errors { message } } }"
_MEMBER = "mutation ($input: CreateMemberInput!) { createMember(input: $input) { errors { message } } }"
_SET = "mutation ($input: SetTargetCellsInput!) { setTargetCells(input: $input) { errors { message } } }"


Record = Callable[[str, object], None]
"""pytest's `record_property`."""


def record(record_property: Record, memory: Memory, what: str, times: int) -> None:
    """Record for the table of `make soak` what happened how often, and what became of the writes meanwhile."""
    record_property(what, times)
    for answer, number in sorted(memory.answers.items()):
        record_property(f"writes {answer}", number)
    if jobs := len(memory.jobs) - memory.earlier_jobs:
        record_property("jobs acknowledged and done", jobs)


@dataclass
class Clients:
    """Clients over HTTP that write, one that makes members, one that asks for jobs; each goes on, whatever happens."""

    installation: Installation
    stopping: bool = False

    def __post_init__(self) -> None:
        self.memory = self.installation.memory
        self.memory.answers.clear()
        self.memory.earlier_jobs = len(self.memory.jobs)

    @asynccontextmanager
    async def writing(self, *, jobs: bool = False, members: bool = True) -> AsyncIterator[Memory]:
        """Write while the block runs; requests under way at its end are waited for."""
        self.memory.rounds += 1
        self.stopping = False
        lives = [self._write(number) for number in range(WRITERS)]
        if members:
            lives.append(self._ask_again())
        if jobs:
            lives.append(self._ask_for_jobs())
        tasks = [asyncio.create_task(life) for life in lives]
        try:
            yield self.memory
        finally:
            self.stopping = True
            await asyncio.gather(*tasks)

    async def until_acknowledged(self, more: int) -> None:
        """Wait until so many more requests were acknowledged."""
        await self.until_told("acknowledged", more)

    async def until_told(self, answer: str, more: int) -> None:
        """Wait until so many more requests were answered so."""
        wanted = self.memory.answers[answer] + more
        while self.memory.answers[answer] < wanted:
            await asyncio.sleep(0.005)
            assert not self.memory.wrong, self.memory.wrong

    async def _write(self, writer: int) -> None:
        planted = self.installation.planted
        headers = {"authorization": f"Bearer {planted.token}"}
        month = f"{YEAR}-{writer + 1:02}"
        async with httpx.AsyncClient(
            base_url=self.installation.address, headers=headers, timeout=PATIENCE, trust_env=False
        ) as client:
            number = 0
            while not self.stopping:
                number += 1
                if number % 3 == 0:
                    await self._set(client, month)
                else:
                    await self._post(client, f"{self.memory.rounds}-{writer}-{number}")

    async def _post(self, client: httpx.AsyncClient, key: str) -> None:
        keys = {f"{key}a", f"{key}b"}
        self.memory.sent |= keys
        items = [_order(one, seat) for one, seat in zip(sorted(keys), self.installation.planted.seats, strict=True)]
        wanted = {"postAchievements": {"posted": 2, "errors": []}}
        if await self._acknowledged(client, _POST, {"items": items}, wanted):
            self.memory.acknowledged |= keys

    async def _set(self, client: httpx.AsyncClient, month: str) -> None:
        target = self.memory.targets_sent.get(month, 0) + 1
        self.memory.targets_sent[month] = target
        planted = self.installation.planted
        cell = {"orgUnitId": planted.seats[0], "month": month, "target": f"{target}.00"}
        input = {"planId": planted.plan_id, "cells": [cell]}
        if await self._acknowledged(client, _SET, input, {"setTargetCells": {"errors": []}}):
            self.memory.targets[month] = target

    async def _ask_again(self) -> None:
        """Make one member after the other, each by a request with a key that is sent until it is acknowledged."""
        headers = {"authorization": f"Bearer {self.installation.planted.token}"}
        async with httpx.AsyncClient(
            base_url=self.installation.address, headers=headers, timeout=PATIENCE, trust_env=False
        ) as client:
            number = 0
            while not self.stopping:
                number += 1
                name = f"Keyed {self.memory.rounds}-{number}"
                self.memory.members_sent.add(name)
                wanted: dict[str, Any] = {"createMember": {"errors": []}}
                while not await self._acknowledged(client, _MEMBER, {"name": name}, wanted, name.replace(" ", "-")):
                    if self._is_over():
                        return
                    self.memory.answers["sent again"] += 1
                self.memory.members.add(name)

    def _is_over(self) -> bool:
        return self.stopping or bool(self.memory.wrong)

    async def _acknowledged(
        self, client: httpx.AsyncClient, query: str, input: dict[str, Any], wanted: dict[str, Any], key: str = ""
    ) -> bool:
        headers = {"idempotency-key": key} if key else {}
        try:
            answer = await client.post(
                "/graphql", json={"query": query, "variables": {"input": input}}, headers=headers
            )
        except httpx.TimeoutException as error:
            self.memory.wrong.append(f"no answer within {PATIENCE} s: {error!r}")
            return False
        except httpx.TransportError:
            self.memory.answers["cut off"] += 1
            await asyncio.sleep(0.005)
            return False
        return self._told(answer, wanted)

    def _told(self, answer: httpx.Response, wanted: dict[str, Any]) -> bool:
        body = answer.json()
        if answer.status_code == 200 and body.get("data") == wanted and "errors" not in body:
            self.memory.answers["acknowledged"] += 1
            return True
        codes = {error.get("extensions", {}).get("code") for error in body.get("errors", [{}])}
        if answer.status_code < 500 and codes == {"UNAVAILABLE"}:
            self.memory.answers["unavailable"] += 1
        else:
            self.memory.wrong.append((answer.status_code, body))
        return False

    async def _ask_for_jobs(self) -> None:
        """Ask for one job after the other; the commit acknowledges it."""
        planted = self.installation.planted
        database = await self.installation.connected()
        number = 0
        while not self.stopping:
            number += 1
            key = f"job-{self.memory.rounds}-{number}"
            payload = {"key": key, "position": _number(planted.seats[0]), "metric": _number(planted.metric_id)}

            async def apply(transaction: Transaction, payload: dict[str, Any] = payload) -> None:
                await enqueue(transaction, POST, payload)

            with suppress(Unavailable):
                await database.write(planted.company_id, Writer("tests", None, datetime.now(UTC)), apply)
                self.memory.jobs.add(key)
            await asyncio.sleep(0.05)
        await database.close()


def _number(id: str) -> int:
    return int(GlobalID.from_id(id).node_id)


def _order(key: str, seat: str) -> dict[str, Any]:
    return {
        "amount": "1.00",
        "businessDate": f"{YEAR}-04-01",
        "source": "ORDER",
        "sourceKey": key,
        "idempotencyKey": key,
        "credits": [{"positionId": seat}],
    }
