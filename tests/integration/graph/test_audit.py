"""The audit log: every write and every refused access, for admins alone, and never to be changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import jwt
import orjson
import pytest

from quotaloom.organizations.commands.members import create_member, leave
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.audit import AuditQuestion, audit_count
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.founding import found
from tests.graph_client import serving
from tests.integration.credentials.office import NOON, Office, open_office

LOG = """query ($first: Int!, $after: String, $actions: [String!], $object: ID, $objectType: String, $actor: String,
    $memberId: ID, $credential: String, $since: Date, $through: Date) {
    auditLog(first: $first, after: $after, actions: $actions, object: $object, objectType: $objectType, actor: $actor,
        memberId: $memberId, credential: $credential, since: $since, through: $through) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id at actor member { name } credential action objectType objectId before after reason } } }"""

ENTER = 'mutation { createMember(input: { name: "Eve" }) { errors { code } } }'

MAKE_A_KEY = 'mutation { createApiKey(input: { name: "CRM", scopes: ["graph:read"] }) { secret } }'


class Audited(Office):
    """The office, and its log."""

    async def log(self, **wanted: Any) -> Any:
        """A page of the log, as Ada reads it."""
        return (await self.ada.ask(LOG, **{"first": 50, **wanted}))["auditLog"]

    async def refused(self) -> list[tuple[str, str, int]]:
        """Who was refused what, and how often, the latest first."""
        entries = (await self.log(actions=["access.refused"]))["nodes"]
        return [(entry["actor"], entry["after"]["at"], entry["after"]["times"]) for entry in entries]


@pytest.fixture
async def office(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Audited]:
    async with open_office(database, database_url, tmp_path) as office:
        yield Audited(office.work, office.graph, office.ada_id, office.bo_id)


async def test_an_entry_tells_who_did_what_by_which_token(office: Audited) -> None:
    """Ada renames Bo: the entry has both names, her own, the beginning of her token's number, and the moment."""
    await office.ada.do("updateMember", "", id=encode_id("Member", office.bo_id), name="Bob")
    (entry,) = (await office.log(actions=["member.update"]))["nodes"]
    assert (entry["before"]["name"], entry["after"]["name"]) == ("Bo", "Bob")
    assert (entry["actor"], entry["member"]) == ("ada", {"name": "Ada"})
    assert (entry["objectType"], entry["objectId"]) == ("Member", encode_id("Member", office.bo_id))
    assert entry["at"] == "2026-06-01T12:00:00+00:00"
    kind, number = entry["credential"].split()
    assert (kind, len(number)) == ("token", 12)
    assert (await office.log(credential=entry["credential"]))["nodes"] == [entry]


FILTERS: Final[tuple[tuple[dict[str, Any], int], ...]] = (
    ({"actor": "tests"}, 3),
    ({"actor": "test"}, 0),
    ({"actions": ["member.create"]}, 2),
    ({"actions": []}, 0),
    ({"objectType": "Member"}, 2),
    ({"object": "Bo"}, 1),
    ({"object": "Bo", "actions": ["company.create"]}, 0),
    ({"memberId": "Bo"}, 0),
    ({"since": "2026-06-01"}, 3),
    ({"since": "2026-06-02"}, 0),
    ({"through": "2026-06-01"}, 3),
    ({"through": "2026-05-31"}, 0),
)
"""What is asked of a log with the founding of the company and two members, and how many entries that is."""


async def test_the_log_is_filtered(office: Audited) -> None:
    """By action, object, actor and days of the company's clock, both the first and the last included."""
    for wanted, expected in FILTERS:
        named = {name: encode_id("Member", office.bo_id) if value == "Bo" else value for name, value in wanted.items()}
        page = await office.log(**named)
        assert (len(page["nodes"]), page["totalCount"]) == (expected, expected), wanted


async def test_pages_stay_where_they_are_while_others_write(office: Audited) -> None:
    """Two a page, while a member is entered before each: each entry of before comes once, none of the later ones."""
    before = [entry["id"] for entry in (await office.log())["nodes"]]
    assert len(before) == 3
    seen, after, more = [], None, True
    while more:
        page = await office.log(first=2, after=after)
        seen += [entry["id"] for entry in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        office.graph.clock.now += timedelta(seconds=1)
        await office.ada.do("createMember", "", name="Eve")
    assert seen == before


async def test_a_cursor_of_something_else_is_refused(office: Audited) -> None:
    """Nonsense, a cursor of another list and one of no moment that there is answer BAD_CURSOR."""
    for cursor in ("nonsense", "YXVkaXQ6MTox!", "cm93OjE=", "YXVkaXQ6OTk5OTk5OTk5OTk5OTk5OTk5OjE="):
        answer = await office.ada.send(LOG, first=1, after=cursor)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_nobody_but_admins_reads_it(office: Audited, database: Database) -> None:
    """A member and a service with every scope are refused, and the admin of another company finds his own alone."""
    every = frozenset(scope.value for scope in Scope)
    service = office.graph.signed_in(Identity(office.work.company.id, "crm", Role.SERVICE, scopes=every))
    for client in (office.bo, service):
        answer = await client.send(LOG, first=50)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    other = await found(database, key="other")
    zoe_id = await create_member(other, NewMember("Zoe", role="admin"))
    zoe = office.graph.signed_in(Identity(other.company.id, "zoe", Role.ADMIN, zoe_id))
    entries = (await zoe.ask(LOG, first=50))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["member.create", "company.create"]
    assert (await zoe.ask(LOG, first=50, object=encode_id("Member", office.bo_id)))["auditLog"]["nodes"] == []


async def test_refused_access_is_logged(office: Audited) -> None:
    """What Bo may not do and not download, what an old token wants, and what Bo wants once he has left."""
    answer = await office.bo.send(ENTER)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    (entry,) = (await office.log(actions=["access.refused"]))["nodes"]
    assert (entry["actor"], entry["member"], entry["objectId"]) == ("bo", {"name": "Bo"}, None)
    assert entry["after"] == {"at": "createMember", "code": "FORBIDDEN", "times": 1}
    assert entry["reason"] == "entering a member needs an admin, or a service token with the scope organization:write"
    assert entry["credential"].startswith("token ")

    old = Identity(office.work.company.id, "old", Role.MEMBER, office.bo_id)
    token = office.graph.authority.issue(old, datetime.now(UTC) - timedelta(hours=2), timedelta(hours=1))
    office.graph.headers["authorization"] = f"Bearer {token}"
    await office.graph.send("{ viewer { subject } }")
    url = "/incentive-runs/1%00/statements.csv"
    assert (await office.graph.http.get(url, headers=office.graph.headers)).status_code == 401
    await leave(office.work, office.bo_id, NOON.date())
    await office.bo.send("{ viewer { subject } }")
    assert await office.refused() == [
        ("bo", "viewer", 1),
        ("old", "/incentive-runs/1?/statements.csv", 1),
        ("old", "viewer", 1),
        ("bo", "createMember", 1),
    ]


async def test_a_token_that_is_none_is_told_of_in_the_log_of_the_server(
    office: Audited, caplog: pytest.LogCaptureFixture
) -> None:
    """It names no company: the server's log has a line, also of the tenth, and no more of that minute."""
    caplog.set_level("INFO", "quotaloom.platform.refused_access")
    office.graph.headers["authorization"] = "Bearer a.b.c"
    for _ in range(12):
        await office.graph.send("{ viewer { subject } }")
    del office.graph.headers["authorization"]
    await office.graph.send("{ viewer { subject } }")
    assert len(caplog.messages) == 10
    word, _, told = caplog.messages[0].partition(" ")
    assert (word, orjson.loads(told)) == (
        "access.refused",
        {
            "company": None,
            "actor": "nobody",
            "credential": None,
            "at": "viewer",
            "code": "UNAUTHENTICATED",
            "times": 1,
            "reason": "the token is not valid here",
        },
    )
    assert await office.refused() == []


@pytest.mark.parametrize("text", ["a\0", "\ud800"], ids=["NUL", "half a pair"])
async def test_a_token_that_cannot_be_written_down_is_refused(
    office: Audited, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """With UNAUTHENTICATED and no error of the server's, though it is signed by the server's key."""
    authority = office.graph.authority
    caplog.set_level("INFO", "quotaloom.platform.refused_access")
    bo = Identity(office.work.company.id, "bo", Role.MEMBER, office.bo_id)
    token = authority.issue(bo, datetime.now(UTC), timedelta(hours=1))
    claims = jwt.decode(token, options={"verify_signature": False})
    for claim in ("sub", "jti"):
        client = office.bearing(jwt.encode({**claims, claim: text}, authority.key))
        answer = await client.send(ENTER)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
    assert [orjson.loads(line.partition(" ")[2])["actor"] for line in caplog.messages] == ["nobody"] * 2


async def test_what_an_operator_may_not_do_is_told_of_in_the_log_of_the_server(
    office: Audited, caplog: pytest.LogCaptureFixture
) -> None:
    """He belongs to no company whose log could have it."""
    caplog.set_level("INFO", "quotaloom.platform.refused_access")
    operator = office.graph.signed_in(Identity(0, "ops", Role.OPERATOR))
    await operator.send("{ company { name } }")
    (line,) = caplog.messages
    told = orjson.loads(line.removeprefix("access.refused "))
    assert (told["company"], told["actor"], told["at"], told["code"]) == (None, "ops", "company", "FORBIDDEN")
    assert told["credential"].startswith("token ")


async def test_the_log_is_counted_up_to_a_bound(office: Audited) -> None:
    """Of five entries that fit, five, or as many as are counted at the most."""
    for number in range(5):
        await office.ada.do("updateMember", "", id=encode_id("Member", office.bo_id), name=f"Bo {number}")
    async with office.work.snapshot() as snapshot:
        renamed = AuditQuestion(actions=("member.update",))
        assert await audit_count(snapshot, renamed) == 5
        assert await audit_count(snapshot, renamed, most=3) == 3


async def test_a_flood_of_refusals_is_counted(office: Audited) -> None:
    """Of thirteen in a minute ten are written, and the other three as one entry once the minute is over."""
    bo = office.bo
    for _ in range(13):
        await bo.send(ENTER)
    assert await office.refused() == [("bo", "createMember", 1)] * 10
    office.graph.clock.now += timedelta(minutes=1)
    await bo.send(ENTER)
    told = await office.refused()
    assert told[:2] == [("bo", "createMember", 1), ("bo", "", 3)]
    assert len(told) == 12
    entry = (await office.log(actions=["access.refused"]))["nodes"][1]
    assert entry["after"] == {"at": "", "code": "REFUSED_OFTEN", "times": 3, "fields": {"createMember": 3}}
    assert entry["reason"] == "access was refused 3 more times in that minute"


async def test_a_flood_at_one_field_hides_nothing_at_another(office: Audited) -> None:
    """Eleven members refused, then two keys: both of these are written at once, and the eleventh is counted."""
    for _ in range(11):
        await office.bo.send(ENTER)
    for _ in range(2):
        await office.bo.send(MAKE_A_KEY)
    assert (await office.refused())[:3] == [("bo", "createApiKey", 1)] * 2 + [("bo", "createMember", 1)]
    office.graph.clock.now += timedelta(minutes=1)
    await office.bo.send(ENTER)
    assert len(await office.refused()) == 10 + 2 + 1 + 1


async def test_an_alias_makes_no_other_field_of_it(office: Audited) -> None:
    """A key that is asked for as `company` is refused at `createApiKey`, and what the client calls it stands beside."""
    await office.bo.send(MAKE_A_KEY.replace("createApiKey", "company: createApiKey"))
    await office.bo.send("{ me: viewer { subject } log: auditLog { totalCount } }")
    entries = (await office.log(actions=["access.refused"]))["nodes"]
    assert [entry["after"] for entry in entries] == [
        {"at": "auditLog", "as": "log", "code": "FORBIDDEN", "times": 1},
        {"at": "createApiKey", "as": "company", "code": "FORBIDDEN", "times": 1},
    ]


async def test_what_was_counted_is_told_when_the_server_ends(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Eleven refusals and a stop: eleven are told of, in eleven entries."""
    work = await found(database, NOON)
    bo = await create_member(work, NewMember("Bo"))
    async with serving(database_url, tmp_path, NOON) as graph:
        client = graph.member(work.company.id, bo)
        for _ in range(11):
            await client.send(ENTER)
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT after->>'code' AS code FROM audit_entry WHERE action = 'access.refused'")
    assert sorted(row["code"] for row in rows) == ["FORBIDDEN"] * 10 + ["REFUSED_OFTEN"]


async def test_nobody_rewrites_the_log(office: Audited, admin_url: str, database_url: str) -> None:
    """The database refuses it, to the administrator by a trigger and to the application by want of the right."""
    for url, error in ((admin_url, asyncpg.RestrictViolationError), (database_url, asyncpg.InsufficientPrivilegeError)):
        connection = await asyncpg.connect(**credentials(url))
        for verb in ("UPDATE audit_entry SET actor = 'me'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
            with pytest.raises(error):
                await connection.execute(verb)
        await connection.close()
