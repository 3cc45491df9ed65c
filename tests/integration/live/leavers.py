"""Callers who leave at random moments: tasks that are cancelled, and clients that hang up or vanish."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count as numbers
from random import Random
from typing import Any, Final

from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.schema import build_schema
from tests.integration.live.boards import board_at
from tests.integration.live.conftest import Live
from tests.progress import Progress, silent

TREE: Final = """{ company { name root { name children { name holders { member { name } }
    attainment(period: "2026") { target achieved rate achievements { nodes { amount member { name } } } }
    attainments(period: "2026", grain: MONTH) { period achieved } } } } viewer { can { createPlans } } }"""

POST: Final = """mutation ($items: [PostAchievementItem!]!) { postAchievements(input: { items: $items }) {
    posted replayed achievements { id amount position { attainment(period: "2026") { achieved } } }
    errors { code } } }"""

RENAME: Final = """mutation ($id: ID!, $name: String!) { renameOrgUnit(input: { id: $id, name: $name }) {
    orgUnit { name } errors { code } } }"""

SPLIT: Final = """mutation ($plan: ID!, $unit: ID!, $target: Decimal!) { decomposeTarget(input: { planId: $plan,
    orgUnitId: $unit, target: $target }) { stored errors { code } } }"""

SUBSCRIBE: Final = """subscription ($ids: [ID!]!) { attainmentChanged(orgUnitIds: $ids) {
    orgUnits { name attainment(period: "2026") { achieved } } changedAt } }"""

SCHEMA: Final = build_schema()


@dataclass
class Leavers:
    """How many of each kind `ended` how; `posted` are the keys of orders of 1.00 whose posting was
    answered, `sent` those of all."""

    live: Live
    random: Random
    ended: Counter[str] = field(default_factory=Counter)
    sent: list[str] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)

    async def leave(self, count: int, at_once: int = 12, progress: Progress = silent) -> None:
        """Begin something, until so many have left at some moment of it; one in eight stays to its end."""
        kinds, left = self._kinds(), numbers(1)
        turns = asyncio.Semaphore(at_once)

        async def one() -> None:
            async with turns:
                name, begin, ends = self.random.choice(kinds)
                while ends and self.random.random() < 0.125:
                    await asyncio.wait_for(begin(), 60)
                    self.ended[f"{name}, stayed"] += 1
                while (how := await self._left(begin)) != "left":  # it was quicker
                    self.ended[f"{name}, {how}"] += 1
                self.ended[f"{name}, left"] += 1
                progress(next(left), count, "somebody leaves")

        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(one())

    def _kinds(self) -> list[tuple[str, Callable[[], Coroutine[Any, Any, None]], bool]]:
        """What may be begun, and whether it ends by itself."""
        return [
            ("read", self._read, True),
            ("write", self._write, True),
            ("write once", self._write_once, True),
            ("other writes", self._other_writes, True),
            ("snapshot", self._snapshot, True),
            ("transaction", self._transaction, True),
            ("request", self._hang_up, True),
            ("half a request", self._half_a_request, False),
            ("subscription", self._subscription, False),
        ]

    async def _left(self, begin: Callable[[], Coroutine[Any, Any, None]]) -> str:
        """Cancel it after some steps of the loop, or a while; how it ended."""
        task = asyncio.ensure_future(begin())
        if self.random.random() < 0.5:
            for _ in range(self.random.randrange(60)):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(self.random.random() ** 3 * 0.3)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "left"
        return "done before"

    # Within the process, where nothing shields from a cancellation but the units of work themselves

    async def _execute(self, query: str, key: str | None = None, **variables: Any) -> Any:
        identity = self.live.admin.identity
        assert identity is not None
        async with RequestContext(self.live.here.services, identity) as context:
            context.idempotency_key = key
            result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
        assert not result.errors, result.errors
        return result.data

    async def _read(self) -> None:
        await self._execute(TREE)

    async def _write(self) -> None:
        items = [self._order() for _ in range(self.random.randint(1, 3))]
        await self._execute(POST, items=items)
        self.posted += [item["idempotencyKey"] for item in items]

    async def _write_once(self) -> None:
        """The same request three times at once, under one key; one order."""
        order = self._order()
        await asyncio.gather(*(self._execute(POST, key=order["idempotencyKey"], items=[order]) for _ in range(3)))
        self.posted.append(order["idempotencyKey"])

    async def _other_writes(self) -> None:
        """What waits for others: names of the same few units, and a split, which asks a policy first."""
        name = f"East {self.random.randrange(1000)}"
        if self.random.random() < 0.7:
            await self._execute(RENAME, id=self.live.company.ids["East"], name=name)
        else:
            target = str(self.random.randrange(10_000))
            plan, unit = self.live.company.ids["plan"], self.live.company.ids["acme"]
            await self._execute(SPLIT, plan=plan, unit=unit, target=target)

    async def _work(self) -> Work:
        identity = self.live.admin.identity
        assert identity is not None
        async with RequestContext(self.live.here.services, identity) as context:
            return await context.work()

    async def _snapshot(self) -> None:
        async with (await self._work()).snapshot() as snapshot, asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(snapshot.fetch("SELECT pg_sleep(0.002)"))

    async def _transaction(self) -> None:
        async def apply(transaction: Transaction) -> None:
            await transaction.lock("what many want")
            await transaction.fetch("SELECT pg_sleep(0.001) FROM member FOR UPDATE")

        await (await self._work()).write(apply)

    # Clients

    async def _hang_up(self) -> None:
        """Send an operation over a socket of one's own, and read what comes back."""
        if self.random.random() < 0.5:
            await self._send({"query": TREE})
            return
        order = self._order()
        answer = await self._send({"query": POST, "variables": {"items": [order]}}, order["idempotencyKey"])
        assert b'"posted":1' in answer, answer
        self.posted.append(order["idempotencyKey"])

    async def _half_a_request(self) -> None:
        await self._send({"query": TREE}, share=self.random.random())

    async def _send(self, body: dict[str, Any], key: str = "-", share: float = 1.0) -> bytes:
        text = json.dumps(body).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n"
            f"authorization: {self.live.admin.headers['authorization']}\r\ncontent-length: {len(text)}\r\n"
            "connection: close\r\n\r\n"
        ).encode()
        message = head + text
        reader, writer = await asyncio.open_connection("127.0.0.1", self.live.here.port)
        try:
            writer.write(message[: int(len(message) * share)])
            return await reader.read()
        finally:
            writer.transport.abort()

    async def _subscription(self) -> None:
        """Subscribe twice, and vanish without a word, or say so, in the middle of whatever comes."""
        async with board_at(self.live.here.port) as board:
            try:
                await board.send(type="connection_init", payload=self.live.admin.headers)
                for number in ("1", "2"):
                    variables = {"ids": self.live.ids("acme", "East")}
                    await board.send(id=number, type="subscribe", payload={"query": SUBSCRIBE, "variables": variables})
                while True:
                    await board.socket.recv()
            finally:
                if self.random.random() < 0.7:
                    board.socket.transport.abort()
                with suppress(Exception):
                    await board.send(id="1", type="complete")

    def _order(self) -> dict[str, Any]:
        self.sent.append(f"order-{len(self.sent)}")
        return self.order(self.sent[-1])

    def order(self, key: str) -> dict[str, Any]:
        """An order of 1.00 under this key, for one of the positions."""
        return {
            "metric": "revenue",
            "amount": "1.00",
            "businessDate": "2026-05-04",
            "source": "ORDER",
            "sourceKey": key,
            "idempotencyKey": key,
            "credits": [{"positionId": self.live.company.ids["East" if int(key[6:]) % 2 else "West"]}],
        }
