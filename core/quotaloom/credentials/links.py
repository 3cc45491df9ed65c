"""Linking members to whom an outside issuer knows them as, and undoing it; each needs an admin.

A link is the only way in for an outside token: what its issuer says of somebody opens no company.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from quotaloom.organizations.stored import LOCK as MEMBERS
from quotaloom.organizations.stored import load_members, the_member
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction, Writer
from quotaloom.platform.work import Work

LONGEST_ISSUER: Final = 300
LONGEST_SUBJECT: Final = 255
"""What OpenID Connect allows for a subject."""

_COLUMNS: Final = "id, issuer, subject, member_id, created_at, created_by"

_OUTSIDE_MEMBERS: Final = """
SELECT company_id, company_key, link_id, is_confirmed, member_id, member_key FROM outside_members($1, $2)
"""

_INSERT: Final = f"""
INSERT INTO outside_subject (company_id, issuer, subject, member_id, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}
"""  # noqa: S608 (constants)


async def link_member(work: Work, member_id: int, issuer: str, subject: str) -> int:
    """Let whom `issuer` knows as `subject` in as a member; returns the link's id.

    Raises `AccessDenied`, `NotFound`, `InputError` BAD_ISSUER, BAD_SUBJECT, BAD_TEXT, TOO_LONG, LINKED (to any member).
    """
    work.viewer.require_admin("linking a member to a sign-in")
    checked = _checked(issuer, LONGEST_ISSUER, "issuer"), _checked(subject, LONGEST_SUBJECT, "subject")

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(MEMBERS)
        the_member(await load_members(transaction, [member_id]), member_id, ("memberId",))
        await _refuse_second(transaction, *checked)
        row = await transaction.fetch_one(
            _INSERT,
            transaction.company_id,
            *checked,
            member_id,
            work.now,
            work.viewer.subject,
        )
        assert row is not None
        link_id: int = row["id"]
        transaction.record("member.link", "MemberLink", link_id, after=dict(row))
        transaction.publish("member.linked", id=member_id)
        return link_id

    return await work.write(apply)


async def unlink_member(work: Work, link_id: int) -> None:
    """Take a link away, at once; sessions that it let begin are over. Raises `AccessDenied`, `NotFound`."""
    work.viewer.require_admin("taking a link away")

    async def apply(transaction: Transaction) -> None:
        # Whoever begins a session by it holds it meanwhile: his session is there to be ended, or he finds no link.
        await transaction.execute("SELECT FROM outside_subject WHERE id = $1 FOR UPDATE", link_id)
        await transaction.execute(
            "UPDATE browser_session SET link_id = NULL, ended_at = coalesce(ended_at, $2) WHERE link_id = $1",
            link_id,
            work.now,
        )
        sql = f"DELETE FROM outside_subject WHERE id = $1 RETURNING {_COLUMNS}"  # noqa: S608 (constants)
        row = await transaction.fetch_one(sql, link_id)
        if row is None:
            raise NotFound("NOT_FOUND", "there is no such link; it may be gone already", ("id",))
        transaction.record("member.unlink", "MemberLink", link_id, before=dict(row))
        transaction.publish("member.unlinked", id=row["member_id"])
        transaction.withdraw_access()

    await work.write(apply)


async def links_page(snapshot: Snapshot, *, limit: int = 500, offset: int = 0) -> list[Record]:
    """The company's links, the latest first."""
    sql = f"SELECT {_COLUMNS} FROM outside_subject ORDER BY id DESC LIMIT $1 OFFSET $2"  # noqa: S608 (constants)
    return await snapshot.fetch(sql, limit, offset)


async def links_by_id(snapshot: Snapshot, ids: list[int]) -> list[Record]:
    """Links by number."""
    sql = f"SELECT {_COLUMNS} FROM outside_subject WHERE id = ANY($1::bigint[])"  # noqa: S608 (constants)
    return await snapshot.fetch(sql, ids)


async def link_count(snapshot: Snapshot) -> int:
    """How many links there are."""
    row = await snapshot.fetch_one("SELECT count(*) AS number FROM outside_subject")
    return 0 if row is None else row["number"]


async def linked_members(database: Database, issuer: str, subject: str) -> list[Record]:
    """Who it is that an issuer knows by this name, in each company: numbers and keys of company, link and member.

    And whether he ever came in by the link: until then nobody but the company's admin said that he belongs there.

    Read without a company, by the one function that may.
    """
    async with database.snapshot(0) as snapshot:
        return await snapshot.fetch(_OUTSIDE_MEMBERS, issuer, subject)


async def confirm_link(database: Database, company_id: int, link_id: int, now: datetime) -> None:
    """Note that somebody came in by a link."""

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "UPDATE outside_subject SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL", link_id, now
        )

    await database.write(company_id, Writer("sign-in", None, now), apply)


def _checked(text: str, longest: int, place: str) -> str:
    checked = checked_text(text, (place,), f"the name of the {place}", longest)
    if checked is None:
        raise InputError(f"BAD_{place.upper()}", f"name the {place} as the tokens do", (place,))
    return checked


async def _refuse_second(transaction: Transaction, issuer: str, subject: str) -> None:
    row: Any = await transaction.fetch_one(
        "SELECT member.name FROM outside_subject AS link JOIN member ON member.company_id = link.company_id"
        " AND member.id = link.member_id WHERE link.issuer = $1 AND link.subject = $2",
        issuer,
        subject,
    )
    if row is not None:
        raise InputError(
            "LINKED", f"{subject[:60]!r} is linked to {row['name']}: take that link away first", ("subject",)
        )
