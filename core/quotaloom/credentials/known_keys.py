"""Checking the keys that requests come with, and noting when each was used.

What is asked of the database here, once for each key and process, is whose it is: that never changes. Whether it is
still good is asked by every request, in the statement that it begins with anyway.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import orjson

from quotaloom.credentials.key_texts import KeyText, read_key, shown_key
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError, Unauthenticated, Unavailable
from quotaloom.platform.tokens import Grant, GrantKind, Identity
from quotaloom.platform.unit_of_work import Record, Transaction, Writer

USED_EVERY: Final = timedelta(minutes=5)
"""How exactly the last use of a key is known: more often it is not written."""

MOST_KNOWN: Final = 1_000
"""How many good keys a process knows by heart; the oldest is forgotten first."""

_LOOK_UP: Final = "SELECT id, name, secret_hash, scopes::text, expires_at FROM api_key WHERE prefix = $1"

_USED: Final = """
UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > $2::timestamptz)
    AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - $3::interval)
"""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)


class KnownKeys:
    """The keys that one process has seen. Use it as an async context: its end waits for what is being written."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._good: dict[str, Identity] = {}
        self._used: dict[str, datetime] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> KnownKeys:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._writing)

    async def identify(self, text: str) -> Identity:
        """Whom a key names; raises `Unauthenticated`, and `Unavailable` while the database is away."""
        identity = self._good.get(text)
        if identity is None:
            identity = await self._look_up(text)
            while len(self._good) >= MOST_KNOWN:
                oldest = next(iter(self._good))
                del self._good[oldest]
                self._used.pop(oldest, None)
            self._good[text] = identity
        self._note_use(text, identity)
        return identity

    async def _look_up(self, text: str) -> Identity:
        key = read_key(text)
        if key is None:
            raise Unauthenticated("this is no key of ours; one looks like qlk_1_0123abcd_…")
        async with self._database.snapshot(key.company_id) as snapshot:
            row = await snapshot.fetch_one(_LOOK_UP, key.prefix)
        if row is None or not key.fits(row["secret_hash"]):
            raise Unauthenticated("the key is not valid here")
        return _identity(key, row)

    def _note_use(self, text: str, identity: Identity) -> None:
        now = self._clock()
        if now - self._used.get(text, _NEVER) < USED_EVERY:
            return
        self._used[text] = now
        task = asyncio.create_task(self._write_use(identity, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write_use(self, identity: Identity, now: datetime) -> None:
        assert identity.grant is not None
        key_id = identity.grant.id

        async def apply(transaction: Transaction) -> None:
            await transaction.execute(_USED, key_id, now, USED_EVERY)

        try:
            await self._database.write(identity.company_id, Writer(identity.subject, None, now), apply)
        except (Unavailable, Conflict, InputError, asyncpg.PostgresError) as error:
            _log.warning("the use of %s could not be noted: %s", identity.credential, error)


def _identity(key: KeyText, row: Record) -> Identity:
    return Identity(
        key.company_id,
        f"key:{row['name']}",
        Role.SERVICE,
        scopes=frozenset(orjson.loads(row["scopes"])),
        expires_at=row["expires_at"],
        credential=shown_key(key.company_id, key.prefix),
        grant=Grant(GrantKind.KEY, row["id"]),
    )
