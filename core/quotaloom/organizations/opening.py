"""The first statement of a request: who asks, in which company, and what he heads and holds there.

A process keeps what it read for those who asked last. Then the message that begins the transaction has PostgreSQL
confirm that it still stands, and the statement is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from quotaloom.organizations.sight import NO_POSTS, POSTS, Posts, Sight, posts_on, unread_sight
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import GrantKind, Identity
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import COMPANY_COLUMNS, CompanyFacts, company_facts, load_company

MOST_KEPT: Final = 10_000
"""How many openings a process keeps, of those who asked last; some hundred bytes each, and more for many posts."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The company as it is, the viewer as the company knows him, and his posts on the business date `today`.

    `sight` is what he may see, where the tree need not be read for it. `condition` is a statement that fails with
    40001 once any of it is otherwise; None where that cannot be told so.
    """

    company: CompanyFacts
    viewer: Viewer
    posts: Posts
    today: date
    sight: Sight | None
    condition: str | None = None


class KeptOpenings:
    """The openings of those who asked last, for one process."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[Identity, Opening] = {}

    async def of(self, snapshot: Snapshot, identity: Identity, now: datetime) -> Opening:
        """What `open_request` answers; raises what it raises."""
        known = self._known(identity, now)
        if known is not None and known.condition is not None and await snapshot.begin_where(known.condition):
            return self._given(known, identity)
        opening = await open_request(snapshot, identity, now)
        self._keep(identity, opening)
        return opening

    def supposed(self, snapshot: Snapshot, identity: Identity, now: datetime) -> Opening | None:
        """The same as it was, supposing that it stands: the snapshot's first read finds out, `Snapshot.stands` tells.

        None where nothing is kept, or where the snapshot has begun.
        """
        known = self._known(identity, now)
        if known is None or known.condition is None or not snapshot.suppose(known.condition):
            return None
        return self._given(known, identity)

    def _known(self, identity: Identity, now: datetime) -> Opening | None:
        known = self._kept.get(identity)
        return None if known is None or known.company.today(now) != known.today else known

    def _given(self, known: Opening, identity: Identity) -> Opening:
        if next(reversed(self._kept), None) is not identity:  # he is the latest: to hash him takes a while
            self._keep(identity, known)
        return _of_token(known, identity)

    def _keep(self, identity: Identity, opening: Opening) -> None:
        self._kept.pop(identity, None)
        if opening.condition is not None:
            self._kept[identity] = opening
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]


def _of_token(opening: Opening, identity: Identity) -> Opening:
    """The same for whoever came with another token before."""
    if opening.viewer.credential == identity.credential:
        return opening
    return replace(opening, viewer=replace(opening.viewer, credential=identity.credential))


def _opening(stands: str = "true") -> str:
    """One row for each post that the member ever had, and one row where he had none: he has few."""
    return f"""
    SELECT {COMPANY_COLUMNS}, member.id AS member_id, member.role, member.joined_on, member.left_on,
        post.part, post.unit_id, post.valid_from, post.valid_to, {stands} AS stands
    FROM company LEFT JOIN member ON member.company_id = company.id AND member.id = $1
    LEFT JOIN ({POSTS}) post ON true
    """  # noqa: S608 (constants)


_OPENING = _opening()

_OPENING_BY = {
    GrantKind.LINK: _opening(
        "$3::timestamptz IS NOT NULL AND EXISTS (SELECT FROM outside_subject WHERE id = $2 AND member_id = $1)"
    ),
    GrantKind.SESSION: _opening(
        "EXISTS (SELECT FROM browser_session WHERE id = $2 AND member_id = $1 AND ended_at IS NULL AND expires_at > $3)"
    ),
}
"""The same for whom something let in that may be withdrawn; the moment comes third."""

_WITHDRAWN = {
    GrantKind.LINK: "whom the token names is no longer linked to a member",
    GrantKind.SESSION: "the session is over; sign in again",
}


# A key that is good, of the company that has it.
_OPENING_BY_KEY = f"""
SELECT {COMPANY_COLUMNS}, EXISTS (
    SELECT FROM api_key WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)) AS stands
FROM company
"""  # noqa: S608 (constants)


async def open_request(snapshot: Snapshot, identity: Identity, now: datetime) -> Opening:
    """What a request begins with, in one statement of its snapshot.

    Raises `Unauthenticated` where the token's company is gone, its member does not belong to it on the business date of
    `now`, or what let him in was withdrawn.
    """
    member_id = identity.member_id
    if member_id is None:
        found = await (load_company(snapshot) if identity.grant is None else _company_by_key(snapshot, identity, now))
        if found is None:
            raise _gone()
        key_id = None if identity.grant is None else identity.grant.id
        viewer = Viewer(found.id, identity.subject, identity.role, None, identity.scopes, key_id, identity.credential)
        condition = _condition(found) if identity.grant is None else None
        return Opening(found, viewer, NO_POSTS, found.today(now), unread_sight(viewer, NO_POSTS), condition)
    if identity.grant is None:
        rows = await snapshot.fetch(_OPENING, member_id)
    else:
        rows = await snapshot.fetch(_OPENING_BY[identity.grant.kind], member_id, identity.grant.id, now)
    if not rows:
        raise _gone()
    company = company_facts(rows[0])
    today = company.today(now)
    if not _belongs(rows[0], today):
        raise Unauthenticated("the token's member does not belong to the company today")
    if identity.grant is not None and not rows[0]["stands"]:
        raise Unauthenticated(_WITHDRAWN[identity.grant.kind])
    viewer = Viewer(company.id, identity.subject, Role(rows[0]["role"]), member_id, credential=identity.credential)
    posts = posts_on((row for row in rows if row["part"] is not None), today)
    condition = _condition(company, rows[0]) if identity.grant is None else None
    return Opening(company, viewer, posts, today, unread_sight(viewer, posts), condition)


def _condition(company: CompanyFacts, row: Record | None = None) -> str:
    """That the company, what stands in the member's `row`, and everybody's posts are as they were.

    What lets somebody in and may be withdrawn is none of it: that is asked by the opening statement alone.
    """
    known: list[object] = [company.reference_version, company.organization_version]
    known += [None] * 4 if row is None else [row[name] for name in ("member_id", "role", "joined_on", "left_on")]
    return f"SELECT opening_stands({', '.join(map(_literal, known))})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return f"'{value.isoformat() if isinstance(value, date) else Role(str(value)).value}'"


async def _company_by_key(snapshot: Snapshot, identity: Identity, now: datetime) -> CompanyFacts | None:
    assert identity.grant is not None, "only keys let in whoever is no member"
    row = await snapshot.fetch_one(_OPENING_BY_KEY, identity.grant.id, now)
    if row is not None and not row["stands"]:
        raise Unauthenticated("the key has expired, or was revoked")
    return None if row is None else company_facts(row)


def _gone() -> Unauthenticated:
    return Unauthenticated("the token names a company that does not exist")


def _belongs(row: Record, today: date) -> bool:
    joined_on, left_on = row["joined_on"], row["left_on"]
    return (
        row["member_id"] is not None
        and (joined_on is None or joined_on <= today)
        and (left_on is None or left_on > today)
    )
