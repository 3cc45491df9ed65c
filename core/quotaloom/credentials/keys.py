"""Making keys for other systems, and revoking them; each needs an admin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import orjson

from quotaloom.calendars.instants import require_offset
from quotaloom.calendars.periods import known_day
from quotaloom.credentials.key_texts import KeyText, new_key, read_key, shown_key
from quotaloom.organizations.naming import checked_name
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction
from quotaloom.platform.work import Work

MOST_KEYS: Final = 500
"""How many keys of one company may be good at a time."""

LOCK: Final = "api keys"

_COLUMNS: Final = (
    "id, name, prefix, scopes::text, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by"
)

_GOOD: Final = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)"


def _require_later(expires_at: datetime, now: datetime) -> None:
    try:
        require_offset(expires_at)
        known_day(expires_at.date())
    except InputError as error:
        raise error.at("expiresAt") from None
    if expires_at <= now:
        raise InputError("BAD_EXPIRY", f"a key that ends at {expires_at.isoformat()} has ended already", ("expiresAt",))


async def create_key(work: Work, name: str, scopes: Iterable[str], expires_at: datetime | None) -> tuple[int, KeyText]:
    """Make a key that may do what its scopes say, until a moment or for good; its id, and the key, told this once.

    Raises `AccessDenied`, `InputError` BAD_NAME, SCOPES_MISSING, UNKNOWN_SCOPE, NAIVE_INSTANT, BAD_PERIOD
    (after 2999), BAD_EXPIRY (in the past), TOO_MANY.
    """
    work.viewer.require_admin("making a key")
    named, wanted = checked_name(name), checked_scopes(scopes)
    if expires_at is not None:
        _require_later(expires_at, work.now)
    key = new_key(work.viewer.company_id)

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(LOCK)
        await _refuse_more(transaction)
        row = await transaction.fetch_one(
            "INSERT INTO api_key (company_id, name, prefix, secret_hash, scopes, created_at, created_by, expires_at)"
            " VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8) RETURNING id",
            transaction.company_id,
            named,
            key.prefix,
            key.secret_hash,
            orjson.dumps(wanted).decode(),
            work.now,
            work.viewer.subject,
            expires_at,
        )
        assert row is not None
        key_id: int = row["id"]
        after = {"name": named, "key": key.shown, "scopes": wanted, "expires_at": expires_at}
        transaction.record("api_key.create", "ApiKey", key_id, after=after)
        transaction.publish("api_key.created", id=key_id)
        return key_id

    return await work.write(apply), key


async def revoke_key(work: Work, key_id: int) -> None:
    """End a key, at once and for good. Raises `AccessDenied`, `NotFound`, `InputError` REVOKED."""
    work.viewer.require_admin("revoking a key")

    async def apply(transaction: Transaction) -> None:
        row = await transaction.fetch_one(
            "SELECT name, prefix, revoked_at, revoked_by FROM api_key WHERE id = $1 FOR UPDATE", key_id
        )
        if row is None:
            raise NotFound("NOT_FOUND", "there is no such key", ("id",))
        if row["revoked_at"] is not None:
            raise InputError("REVOKED", f"{row['name']} was revoked before, by {row['revoked_by']}", ("id",))
        await transaction.execute(
            "UPDATE api_key SET revoked_at = $2, revoked_by = $3 WHERE id = $1", key_id, work.now, work.viewer.subject
        )
        transaction.record("api_key.revoke", "ApiKey", key_id, after={"name": row["name"], "revoked_at": work.now})
        transaction.publish("api_key.revoked", id=key_id)
        transaction.withdraw_access()

    await work.write(apply)


async def keys_page(snapshot: Snapshot, *, limit: int = 500, offset: int = 0) -> list[Record]:
    """The company's keys, the latest first: all that is known of them, but for the hash."""
    sql = f"SELECT {_COLUMNS} FROM api_key ORDER BY id DESC LIMIT $1 OFFSET $2"  # noqa: S608 (constants)
    return await snapshot.fetch(sql, limit, offset)


async def key_count(snapshot: Snapshot) -> int:
    """How many keys there are, those that were revoked too."""
    row = await snapshot.fetch_one("SELECT count(*) AS number FROM api_key")
    return 0 if row is None else row["number"]


async def key_named(snapshot: Snapshot, text: str) -> Record | None:
    """The key that a text tells: by its prefix, what is shown of it, or as a whole; None for none."""
    whole = read_key(text)
    prefix = whole.prefix if whole is not None else text.removeprefix(shown_key(snapshot.company_id, ""))
    return await snapshot.fetch_one("SELECT id, name FROM api_key WHERE prefix = $1", prefix)


async def keys_by_id(snapshot: Snapshot, ids: list[int]) -> list[Record]:
    """Keys by number."""
    sql = f"SELECT {_COLUMNS} FROM api_key WHERE id = ANY($1::bigint[])"  # noqa: S608 (constants)
    return await snapshot.fetch(sql, ids)


def checked_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes that there are, in order and none twice; raises `InputError` SCOPES_MISSING, UNKNOWN_SCOPE."""
    wanted = sorted(set(scopes))
    allowed = [scope.value for scope in Scope]
    if not wanted:
        raise InputError("SCOPES_MISSING", f"say what the key may do; the scopes are {', '.join(allowed)}", ("scopes",))
    unknown = [scope[:60] for scope in wanted if scope not in allowed]
    if unknown:
        message = f"{', '.join(unknown[:10])}: the scopes are {', '.join(allowed)}"
        raise InputError("UNKNOWN_SCOPE", message, ("scopes",))
    return wanted


async def _refuse_more(transaction: Transaction) -> None:
    sql = f"SELECT count(*) AS number FROM api_key WHERE {_GOOD}"  # noqa: S608 (constants)
    row: Any = await transaction.fetch_one(sql, transaction.now)
    if row["number"] >= MOST_KEYS:
        raise InputError("TOO_MANY", f"{MOST_KEYS} keys are good already, the most that may be: revoke some first")
