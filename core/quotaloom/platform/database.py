"""The connection to PostgreSQL: one pool, snapshots for reads, transactions for writes."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakValueDictionary

from tortoise.context import TortoiseContext

from quotaloom.platform.engine import PatientClient
from quotaloom.platform.held import HeldTransaction
from quotaloom.platform.probing import Probe
from quotaloom.platform.retrying import retried
from quotaloom.platform.shares import in_turn
from quotaloom.platform.time_limits import in_time, operation_time, take_time
from quotaloom.platform.unbroken import waited_for
from quotaloom.platform.unit_of_work import Snapshot, Transaction, Writer, leave_nothing

T = TypeVar("T")

MODEL_MODULES = (
    "quotaloom.platform.models",
    "quotaloom.calendars.models",
    "quotaloom.organizations.models",
    "quotaloom.credentials.models",
    "quotaloom.notifications.models",
    "quotaloom.attributes.models",
    "quotaloom.policies.models",
    "quotaloom.metrics.models",
    "quotaloom.achievements.models",
    "quotaloom.strategy.models",
    "quotaloom.targets.models",
    "quotaloom.scores.models",
    "quotaloom.ownership.models",
    "quotaloom.duplicates.models",
    "quotaloom.activities.models",
    "quotaloom.funnels.models",
    "quotaloom.leads.models",
    "quotaloom.pool.models",
    "quotaloom.incentives.models",
    "quotaloom.reviews.models",
    "quotaloom.action_plans.models",
)

SILENCE_SECONDS = 5.0
"""How long a new connection is waited for, and an answer beyond what its statement may take; then the database, or the
way to it, is gone.
"""


class Database:
    """One pool of connections for the application's role, which row-level security binds.

    `probe` asks whether the database answers.
    """

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout_ms: int = 10_000) -> None:
        self._config = tortoise_config(url, pool_size, statement_timeout_ms / 1000 + SILENCE_SECONDS)
        self._statement_timeout_ms = statement_timeout_ms
        self.pool_size = pool_size
        self.probe = Probe(credentials(url))
        self._context = contextvars.copy_context()
        self._tortoise = TortoiseContext()
        self._client: PatientClient | None = None
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def connect(self) -> None:
        """Open the pool; refuse a role that row-level security would not bind."""
        # Tortoise keeps its state in a context variable. It is set in a context of our own, of which every
        # unit of work gets a copy, so it does not matter which task asks.
        await asyncio.create_task(self._initialize(), context=self._context)
        async with self.client.acquire_connection() as connection:
            role = await connection.fetchrow(
                "SELECT rolname, rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user"
            )
        if role is None or role["bypasses"]:
            await self.close()
            raise RuntimeError(
                "QUOTALOOM_DATABASE_URL names a role that bypasses row-level security; name the application's "
                "role there and put the administrator's into QUOTALOOM_ADMIN_DATABASE_URL"
            )

    async def _initialize(self) -> None:
        await self._tortoise.__aenter__()
        await self._tortoise.init(config=self._config)
        client = self._tortoise.connections.get("default")
        assert isinstance(client, PatientClient)
        client.probe = self.probe
        self._client = client

    @property
    def client(self) -> PatientClient:
        """The pool, for those who need a connection outside a unit of work (health checks)."""
        if self._client is None:
            raise RuntimeError("the database is not connected")
        return self._client

    async def close(self) -> None:
        """Close the pool; units of work under way end first."""
        if self._client is not None:
            self._client.readers.close()
            await asyncio.create_task(self._tortoise.close_connections(), context=self._context.copy())
            self._client = None
        await self.probe.close()

    def snapshot(self, company_id: int) -> Snapshot:
        """A read-only unit of work; see `Snapshot`."""
        time = operation_time()
        snapshot = Snapshot(self.client.readers, company_id, self._statement_timeout_ms, time)
        if time is not None and time.counts_all:
            snapshot.allowance = time
        return snapshot

    async def write(self, company_id: int, writer: Writer, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction of `company_id` and commit it.

        It runs in a task of its own: a caller that is cancelled neither tears the transaction nor leaks its
        connection. A serialization failure or deadlock runs `work` again; raises `Conflict` when it keeps failing, and
        `LimitExceeded` where the time of the operation is over before `work` is through: all is undone then.
        """

        async def attempt() -> T:
            async with self._transaction(company_id, writer) as transaction, in_time(operation_time()):
                return await work(transaction)

        return await self.shielded(retried(attempt))

    def held(self, company_id: int, writer: Writer, first: Callable[[Transaction], Awaitable[None]]) -> HeldTransaction:
        """A transaction that stays open from one piece of work to the next, `first` of all; see `HeldTransaction`."""
        return HeldTransaction(partial(self._transaction, company_id, writer), first, self._context_for_work())

    @asynccontextmanager
    async def _transaction(self, company_id: int, writer: Writer) -> AsyncIterator[Transaction]:
        begun = Transaction.begin(self.client, company_id, writer, self._statement_timeout_ms)
        async with in_turn(operation_time()), begun as transaction:
            yield transaction

    def _context_for_work(self) -> contextvars.Context:
        """Where Tortoise finds its connections, and units of work the time that there is for them."""
        context = self._context.copy()
        context.run(take_time, operation_time())
        return context

    async def next_company_id(self) -> int:
        """An id for a company about to be founded."""
        async with self.client.acquire_connection() as connection:
            found: int = await connection.fetchval("SELECT nextval(pg_get_serial_sequence('company', 'id'))")
            return found

    def turn(self, *name: Hashable) -> asyncio.Lock:
        """Whose turn it is with what has this name: those of one pool who wait for it take no connection meanwhile."""
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = asyncio.Lock()
        return turn

    async def shielded(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end in a task of its own, whatever happens to the caller."""
        return await waited_for(asyncio.create_task(work, context=self._context_for_work()))


def tortoise_config(url: str, pool_size: int = 10, answer_seconds: float | None = None) -> dict[str, Any]:
    """Tortoise's configuration for a PostgreSQL URL (`postgresql://role:password@host:port/database?…`).

    `answer_seconds` bounds how long anything that is asked of PostgreSQL may go unanswered.
    """
    return {
        "connections": {
            "default": {
                "engine": "quotaloom.platform.engine",
                "credentials": {
                    **credentials(url),
                    "minsize": 1,
                    "maxsize": pool_size,
                    "reset": leave_nothing,
                    "command_timeout": answer_seconds,
                    "timeout": SILENCE_SECONDS,
                    "server_settings": {"DateStyle": "ISO"},  # whatever the role or the database is set to
                },
            }
        },
        "apps": {
            "quotaloom": {
                "models": list(MODEL_MODULES),
                "default_connection": "default",
                "migrations": "quotaloom.migrations",
            }
        },
    }


def credentials(url: str) -> dict[str, Any]:
    """The parts of a PostgreSQL URL as asyncpg takes them; a `host` in the query names a socket folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("a database URL starts with postgresql://")
    query = dict(parse_qsl(parts.query))
    found: dict[str, Any] = {
        "host": query.pop("host", None) or parts.hostname or "localhost",
        "port": int(query.pop("port", 0) or parts.port or 5432),
        "user": unquote(parts.username or "quotaloom"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or "quotaloom",
    }
    if "sslmode" in query:
        found["ssl"] = query.pop("sslmode")
    if query:
        raise ValueError(f"a database URL takes host, port and sslmode, not {', '.join(sorted(query))}")
    return found
