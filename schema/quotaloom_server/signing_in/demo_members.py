"""Who may be chosen in the development sign-in: members of the demo, who are made up, and nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from quotaloom.demo.beginning import COMPANY, told_for
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Record

MOST: Final = 100
"""How many members can be chosen from: admins first, then who heads a unit, then others."""

_PRESENT: Final = f"""
SELECT member.id, member.key, member.name, member.role,
    EXISTS (SELECT FROM headship WHERE headship.member_id = member.id
        AND valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)) AS heads
FROM member WHERE (left_on IS NULL OR left_on > $1) AND (joined_on IS NULL OR joined_on <= $1)
ORDER BY role, heads DESC, key LIMIT {MOST}
"""  # noqa: S608 (a constant)


async def demo_members(database: Database, now: datetime) -> list[tuple[str, str]]:
    """Keys of members of the demo, and how they are shown; raises `Unauthenticated` where there is no demo."""
    _, rows = await _present(database, now)
    return [(row["key"], f"{row['name']} ({_what(row)})") for row in rows]


async def demo_member(database: Database, key: str, now: datetime) -> Identity:
    """The member of the demo with this key; raises `Unauthenticated` for anybody else."""
    company_id, rows = await _present(database, now)
    row = next((row for row in rows if row["key"] == key), None)
    if row is None:
        raise Unauthenticated("the demo has no such member today")
    return Identity(company_id, row["key"], Role(row["role"]), row["id"], credential="development")


async def _present(database: Database, now: datetime) -> tuple[int, list[Record]]:
    company_id = await company_id_of(database, COMPANY.key)
    if company_id is not None:
        async with database.snapshot(company_id) as snapshot:
            if await told_for(snapshot) is not None:
                return company_id, await snapshot.fetch(_PRESENT, now.date())
    raise Unauthenticated("there is nobody to choose: load the demo with `quotaloom demo`, or set a provider")


def _what(row: Record) -> str:
    return "admin" if row["role"] == Role.ADMIN else "heads a unit" if row["heads"] else "member"
