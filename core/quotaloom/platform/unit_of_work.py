"""Units of work: a snapshot for reads, a transaction for writes, each bound to one company."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from time import monotonic
from typing import Any, TypeVar

import asyncpg
import orjson
from asyncpg import Connection
from asyncpg import Record as Record
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.transactions import in_transaction

from quotaloom.platform.attainment_changes import CHANNEL, AttainmentChange, change_of
from quotaloom.platform.database_errors import database_errors, statement_too_slow
from quotaloom.platform.errors import SnapshotEnded, Unavailable
from quotaloom.platform.limits import Allowance
from quotaloom.platform.prepared import rows_of
from quotaloom.platform.readers import NobodyLetIn, Reader, Readers, Seconds
from quotaloom.platform.shares import Turn
from quotaloom.platform.time_limits import in_time, operation_time
from quotaloom.platform.unbroken import to_the_end

T = TypeVar("T")

EVENTS_CHANNEL = "quotaloom_events"
"""The PostgreSQL channel on which every commit that published events notifies, with the company's id."""

ACCESS_CHANNEL = "quotaloom_access"
"""The PostgreSQL channel on which every commit that may have withdrawn access notifies, with the company's id."""

OUTBOX = "outbox"
"""What `Transaction.lock` locks to read events in their order: all who publish hold it, shared, while they commit."""


class PremiseFell(Unavailable):
    """What was supposed of a snapshot is not so: nothing was read, and whatever was made of it is to be done again."""

    def __init__(self) -> None:
        super().__init__("what was known of the company has just changed; please try again")


class Snapshot:
    """One read-only transaction: everything read through it is of one moment and of one company.

    It is opened by the first read. Reads take turns on its one connection, and each runs to its end even
    where its reader is cancelled: a cancelled statement would abort the transaction for the others. Nobody waits
    for its end, which leaves nothing behind. Only where the time of its operation is over, a statement is cut off.
    """

    def __init__(
        self, readers: Readers, company_id: int, statement_timeout_ms: int, time: Allowance | None = None
    ) -> None:
        self._readers = readers
        self.company_id = company_id
        self._timeout = statement_timeout_ms
        self._turn = asyncio.Lock()
        self._reader: Reader | None = None
        self._premise = ""
        self._fell = False
        self._torn = False
        self._closed = False
        self.kept: dict[Hashable, Any] = {}
        self.statements = 0
        self.allowance: Allowance | None = None
        self._time = time
        self._share: Turn | None = None

    async def __aenter__(self) -> Snapshot:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Read nothing more; its connection goes on once the statement that is under way is over."""
        self._closed = True
        if self._turn.locked():
            ending = asyncio.ensure_future(self._end())
            _ending.add(ending)
            ending.add_done_callback(_ending.discard)
        else:
            self._let_go()

    async def fetch(self, sql: str, *arguments: Any) -> list[Record]:
        """The rows of one statement."""
        return await to_the_end(self._fetch(sql, arguments))

    async def fetch_one(self, sql: str, *arguments: Any) -> Record | None:
        """The first row of one statement, or None."""
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None

    def searched(self, text: str | None) -> str | None:
        """A text that is searched for; whatever a statement looks for within the texts of rows comes through here.

        Raises `LimitExceeded`, and reads nothing, where it is longer than the operation may search for.
        """
        time = self.allowance or self._time
        if time is not None:
            time.require_searchable(text)
        return text

    async def begin_where(self, condition: str) -> bool:
        """Begin, and have PostgreSQL run `condition` with it: false, and not begun, where that fails with 40001.

        It is false, too, where something was read already, of a moment before. Costs no statement of its own.
        """
        return await to_the_end(self._begin_where(condition))

    async def _begin_where(self, condition: str) -> bool:
        async with self._turn:
            if self._closed:
                raise SnapshotEnded("this snapshot has ended")
            if self._reader is not None:
                return False
            with database_errors():
                try:
                    self._reader = await self._opened(self._readers.begin, condition)
                except asyncpg.SerializationError:
                    return False
            return True

    def suppose(self, premise: str) -> bool:
        """Begin with the first read, and have PostgreSQL run the statement `premise` between the two.

        Where that fails with 40001 nothing is read, here and later on: everybody gets `PremiseFell`. So does whoever
        comes after one whom PostgreSQL did not let in, as nobody knows then. False where something was read already,
        or is being read, of a moment before.
        """
        if self._reader is not None or self._turn.locked():
            return False
        self._premise = premise
        return True

    async def stands(self) -> bool:
        """Whether what was supposed is so at the moment of the snapshot; asks PostgreSQL unless it has told."""
        if not self._premise or self._fell or self._reader is not None:
            return not self._fell
        await self.begin_where(self._premise)  # or wait for somebody who reads already: he may find out
        return self._has_begun and not self._fell

    @property
    def _has_begun(self) -> bool:
        return self._reader is not None

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> list[Record]:
        await self._turn.acquire()  # by hand, and errors translated where there is one: every read comes through here
        try:
            if self._closed:
                raise SnapshotEnded("this snapshot has ended")
            if self._fell:
                raise PremiseFell
            reader = self._reader
            rows = await (self._first(sql, arguments) if reader is None else self._next(reader, sql, arguments))
            if self.allowance is not None:
                self.allowance.spend(len(rows))
            return rows
        except (asyncpg.InvalidCachedStatementError, asyncpg.DeadlockDetectedError) as error:
            # Who only reads stands in the way of nobody but whoever changes a table.
            raise Unavailable("a migration is changing what was asked for; please try again") from error
        except Exception:
            with database_errors():
                raise
        finally:
            self._turn.release()

    async def _first(self, sql: str, arguments: Sequence[Any]) -> list[Record]:
        begin = partial(self._readers.begin_with, statement=sql, arguments=arguments)
        try:
            self._reader, rows = await self._opened(begin, self._premise, statements=1)
        except asyncpg.SerializationError:
            if not self._premise:
                raise
            self._fell = True
            raise PremiseFell from None
        except NobodyLetIn:
            self._fell = bool(self._premise)  # or each of those who read would wait for a connection in his turn
            raise
        return rows

    async def _next(self, reader: Reader, sql: str, arguments: Sequence[Any]) -> list[Record]:
        time = self.allowance or self._time
        left, begun = self._left(time), monotonic()
        self.statements += 1
        self._torn = True
        try:
            rows = await rows_of(reader.own, sql, arguments, left)
        except TimeoutError:
            if left is None or time is None:
                raise
            raise time.over() from None
        except asyncpg.QueryCanceledError:
            raise statement_too_slow(self._timeout, begun) from None
        self._torn = False
        return rows

    async def _opened(self, begin: Callable[[str, Seconds], Awaitable[T]], condition: str, *, statements: int = 0) -> T:
        """What `begin` makes of the message that begins the transaction, and of so many statements that go with it."""
        time = self.allowance or self._time
        left: float | None = None
        begun = 0.0
        sent = self.statements + statements

        def seconds() -> float | None:
            nonlocal left, begun
            left, begun = self._left(time), monotonic()
            self.statements = sent
            return left

        sql = _beginning(self.company_id, self._timeout, condition)
        if time is not None and (share := time.turn) is not None:
            if not share.take():
                await share.wait(time)
            self._share = share
        try:
            if self._closed:
                raise SnapshotEnded("this snapshot has ended")  # while it waited for its turn
            return await begin(sql, seconds)
        except BaseException as error:
            self._give_share_back()
            if isinstance(error, asyncpg.QueryCanceledError):
                raise statement_too_slow(self._timeout, begun) from None
            if isinstance(error, TimeoutError) and left is not None and time is not None:
                raise time.over() from None
            raise

    def _give_share_back(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            share.give()

    def _left(self, time: Allowance | None) -> float | None:
        """The seconds in which a statement is cut off; None where PostgreSQL ends it before."""
        left = None if time is None else time.begin()
        return None if left is None or left * 1000 >= self._timeout else left

    async def _end(self) -> None:
        async with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            if self._torn:
                self._readers.discard(reader)
            else:
                self._readers.end(reader)
        self._give_share_back()


_ending: set[asyncio.Task[None]] = set()
"""Snapshots that end; the loop alone would not keep them."""


async def leave_nothing(connection: Connection) -> None:
    """What a pool does with a connection that is given back: end a transaction that was torn, and nothing else.

    Whatever is set, is set for one transaction (never for a session), so that there is nothing to be undone.
    """
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, the moment at which, and what tells his token: all go into the audit record."""

    subject: str
    member_id: int | None
    now: datetime
    credential: str | None = None


_writing: ContextVar[bool] = ContextVar("writing", default=False)


def require_no_transaction(doing: str) -> None:
    """Raise `RuntimeError` within a transaction that writes: what may take long must not hold its locks."""
    if _writing.get():
        raise RuntimeError(f"{doing} belongs before the transaction, not in it")


@dataclass
class Transaction:
    """One transaction that writes tables, ledger, audit entries and outbox events together.

    Tortoise models used inside it go through it by themselves.
    """

    company_id: int
    writer: Writer
    _client: TransactionWrapper
    _audit: list[tuple[Any, ...]] = field(default_factory=list)
    _events: list[tuple[str, bytes]] = field(default_factory=list)
    _attainment: AttainmentChange | None = None
    _withdraws: bool = False

    @classmethod
    @asynccontextmanager
    async def begin(
        cls, client: AsyncpgDBClient, company_id: int, writer: Writer, statement_timeout_ms: int
    ) -> AsyncIterator[Transaction]:
        """Open a transaction; it commits where the block ends and rolls back where it raises, or its time is over."""
        async with in_transaction(client.connection_name) as wrapper:
            assert isinstance(wrapper, TransactionWrapper)
            transaction = cls(company_id, writer, wrapper)
            await wrapper.execute_script(
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;" + _bind(company_id, statement_timeout_ms)
            )
            try:
                writing = _writing.set(True)
                try:
                    yield transaction
                finally:
                    _writing.reset(writing)
                async with in_time(operation_time()):
                    await transaction._flush()
            except asyncpg.QueryCanceledError:
                raise statement_too_slow(statement_timeout_ms) from None

    @property
    def now(self) -> datetime:
        """The moment of this write."""
        return self.writer.now

    async def fetch(self, sql: str, *arguments: Any) -> list[Record]:
        """The rows of one statement."""
        async with self._client.acquire_connection() as connection:
            return await connection.fetch(sql, *arguments)

    async def fetch_one(self, sql: str, *arguments: Any) -> Record | None:
        """The first row of one statement, or None."""
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None

    async def execute(self, sql: str, *arguments: Any) -> str:
        """Run one statement; returns PostgreSQL's tag, such as `UPDATE 3`."""
        async with self._client.acquire_connection() as connection:
            return await connection.execute(sql, *arguments)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """COPY into a temporary table (a table with row-level security refuses COPY)."""
        async with self._client.acquire_connection() as connection:
            await connection.copy_records_to_table(table, records=rows, columns=list(columns))

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """Wait for everybody else who holds `name` in this company; held until the transaction ends.

        Those who hold it `shared` wait for whoever holds it alone, and not for each other.
        """
        mode = "_shared" if shared else ""
        await self.execute(
            f"SELECT pg_advisory_xact_lock{mode}($1::int, hashtext($2))",
            self.company_id % 2**31,
            name,
        )

    def record(
        self,
        action: str,
        object_type: str,
        object_id: int | None,
        *,
        before: Any = None,
        after: Any = None,
        reason: str | None = None,
    ) -> None:
        """Add an audit entry; it is written with the rest."""
        self._audit.append((action, object_type, object_id, _json(before), _json(after), reason))

    def publish(self, topic: str, **payload: Any) -> None:
        """Add an outbox event; it is written with the rest, and listeners are notified after commit."""
        self._events.append((topic, orjson.dumps(payload)))

    def attainment_changed(
        self, metric_ids: Iterable[int] | None = None, unit_ids: Iterable[int] | None = None
    ) -> None:
        """Tell boards after commit that attainment of these units, and of all above them, may have changed.

        None stands for all metrics, or all units.
        """
        change = change_of(metric_ids, unit_ids)
        self._attainment = change if self._attainment is None else self._attainment.joined(change)

    def withdraw_access(self) -> None:
        """Tell serving processes after commit that somebody may have lost his access: they look at who is connected."""
        self._withdraws = True

    async def _flush(self) -> None:
        if self._audit:
            columns = list(zip(*self._audit, strict=True))
            await self.execute(
                "INSERT INTO audit_entry (company_id, at, actor, actor_member_id, credential, action, object_type,"
                " object_id, before, after, reason) SELECT $1, $2, $3, $4, $5, * FROM unnest($6::text[],"
                " $7::text[], $8::bigint[], $9::text[]::jsonb[], $10::text[]::jsonb[], $11::text[])",
                self.company_id,
                self.now,
                self.writer.subject,
                self.writer.member_id,
                self.writer.credential,
                *columns,
            )
        if self._events:
            topics, payloads = zip(*self._events, strict=True)
            # Locked before events are numbered, and shared by all who publish: who holds it alone for a moment has
            # before him every event up to the last number, and none comes below it any more.
            await self.execute(
                "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($6::int, hashtext($7)) AS done),"
                " stored AS (INSERT INTO outbox_event (company_id, at, topic, payload)"
                " SELECT $1, $2, event.* FROM locked, unnest($3::text[], $4::text[]::jsonb[]) AS event RETURNING id)"
                " SELECT pg_notify($5, $1::bigint::text) FROM stored LIMIT 1",
                self.company_id,
                self.now,
                topics,
                [payload.decode() for payload in payloads],
                EVENTS_CHANNEL,
                self.company_id % 2**31,
                OUTBOX,
            )
        if self._attainment is not None:
            payload = self._attainment.payload(self.company_id)
            await self.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        if self._withdraws:
            await self.execute("SELECT pg_notify($1, $2)", ACCESS_CHANNEL, str(self.company_id))


@lru_cache(maxsize=10_000)
def _beginning(company_id: int, statement_timeout_ms: int, condition: str) -> str:
    """What begins a snapshot; most often that of somebody who has asked before."""
    return f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;{_bind(company_id, statement_timeout_ms)};{condition}"


def _bind(company_id: int, statement_timeout_ms: int) -> str:
    return (
        f"SET LOCAL quotaloom.company_id = '{int(company_id)}';"
        f"SET LOCAL statement_timeout = {int(statement_timeout_ms)}"
    )


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()
