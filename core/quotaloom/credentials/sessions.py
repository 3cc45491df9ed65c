"""Sessions of browsers: begun by signing in, and good for short tokens until they end."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Grant, GrantKind, Identity
from quotaloom.platform.unit_of_work import Transaction, Writer

KEPT: Final = timedelta(days=1)
"""For how long sessions that are over are kept."""

_SHAPE: Final = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})\.([0-9a-f]{64})", re.ASCII)

_BEGIN: Final = """
INSERT INTO browser_session (company_id, member_id, link_id, secret_hash, begun_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""

_HOLD_LINK: Final = "SELECT id FROM outside_subject WHERE id = $1 FOR KEY SHARE"
"""Until the session is there, nobody takes away the link that it begins by."""

_FIND: Final = """
SELECT session.id, session.secret_hash, session.member_id, member.key AS member_key
FROM browser_session AS session JOIN member ON member.company_id = session.company_id AND member.id = session.member_id
WHERE session.id = $1 AND session.ended_at IS NULL AND session.expires_at > $2
"""


@dataclass(frozen=True, slots=True)
class SessionText:
    """What a browser holds: the numbers of company and session, and a secret of 256 bits."""

    company_id: int
    session_id: int
    secret: str

    @property
    def text(self) -> str:
        """As it stands in the cookie."""
        return f"{self.company_id}.{self.session_id}.{self.secret}"


def read_session(text: str) -> SessionText | None:
    """What stands in a cookie; None for what is none of ours."""
    found = _SHAPE.fullmatch(text)
    return None if found is None else SessionText(int(found[1]), int(found[2]), found[3])


async def begin_session(database: Database, member: Identity, now: datetime, lifetime: timedelta) -> SessionText:
    """Begin a session of a member, who was found to be one; a link that let him in ends it when it is taken away.

    Raises `Unauthenticated` where that link has been taken away meanwhile.
    """
    assert member.member_id is not None, "only members have sessions"
    secret = secrets.token_hex(32)
    link_id = member.grant.id if member.grant is not None and member.grant.kind is GrantKind.LINK else None

    async def apply(transaction: Transaction) -> int:
        await transaction.execute("DELETE FROM browser_session WHERE expires_at < $1", now - KEPT)
        if link_id is not None and await transaction.fetch_one(_HOLD_LINK, link_id) is None:
            raise Unauthenticated("whom the token names is no longer linked to a member", member)
        row: Any = await transaction.fetch_one(
            _BEGIN, member.company_id, member.member_id, link_id, _hash(secret), now, now + lifetime
        )
        session_id: int = row["id"]
        by = "development" if link_id is None else "provider"
        transaction.record("session.begin", "Session", session_id, after={"by": by, "expires_at": now + lifetime})
        return session_id

    writer = Writer(member.subject, member.member_id, now, member.credential)
    return SessionText(member.company_id, await database.write(member.company_id, writer, apply), secret)


async def member_of_session(database: Database, session: SessionText, now: datetime) -> Identity:
    """Whose session it is; raises `Unauthenticated` where it is over, or none."""
    async with database.snapshot(session.company_id) as snapshot:
        row = await snapshot.fetch_one(_FIND, session.session_id, now)
    if row is None or not compare_digest(row["secret_hash"], _hash(session.secret)):
        raise Unauthenticated("the session is over; sign in again")
    grant = Grant(GrantKind.SESSION, row["id"])
    return Identity(session.company_id, row["member_key"], Role.MEMBER, row["member_id"], grant=grant)


async def end_session(database: Database, member: Identity, now: datetime) -> None:
    """End the session by which a member came; its tokens let nobody in any more."""
    assert member.grant is not None, "it was found"
    session_id = member.grant.id

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "UPDATE browser_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", session_id, now
        )
        transaction.record("session.end", "Session", session_id)
        transaction.withdraw_access()

    await database.write(member.company_id, Writer(member.subject, member.member_id, now), apply)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
