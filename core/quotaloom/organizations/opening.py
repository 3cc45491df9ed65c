"""The first statement of a request: who asks, in which company, and what he heads and holds there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Record

from quotaloom.organizations.sight import NO_POSTS, POSTS, Posts, posts_on
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import GrantKind, Identity
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import COMPANY_COLUMNS, CompanyFacts, company_facts, load_company


@dataclass(frozen=True, slots=True)
class Opening:
    """The company as it is, the viewer as the company knows him, and his posts on the business date."""

    company: CompanyFacts
    viewer: Viewer
    posts: Posts


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
        return Opening(found, viewer, NO_POSTS)
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
    return Opening(company, viewer, posts_on((row for row in rows if row["part"] is not None), today))


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
