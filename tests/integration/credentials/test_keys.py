"""Keys of other systems: shown once, kept as hashes, good for their scopes until they end or are revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.tokens import Identity
from tests.graph_client import GraphClient
from tests.integration.credentials.office import Office, open_office, subject_of

LIST = """{ apiKeys { totalCount nodes { id name key scopes createdBy expiresAt lastUsedAt revokedAt revokedBy } } }"""

NOT_VALID = "UNAUTHENTICATED: the key is not valid here"
ENDED = "UNAUTHENTICATED: the key has expired, or was revoked"


@pytest.fixture
async def office(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database, database_url, tmp_path) as opened:
        yield opened


async def made(office: Office, *scopes: str, **values: Any) -> tuple[str, GraphClient]:
    """A new key's id, and a system that comes with it."""
    given = {"name": "CRM", "scopes": list(scopes) or ["graph:read"], **values}
    payload = await office.ada.do("createApiKey", "secret apiKey { id }", **given)
    return payload["apiKey"]["id"], office.bearing(payload["secret"])


async def listed(office: Office) -> Any:
    """The keys, as an admin sees them."""
    return (await office.ada.ask(LIST))["apiKeys"]["nodes"]


async def test_a_key_lets_in_for_its_scopes(office: Office) -> None:
    """One that enters members may do that, and may read nothing; the audit log tells it by the part that is public."""
    _, crm = await made(office, "organization:write")
    await crm.do("createMember", "", name="Eve")
    answer = await crm.send("{ members { totalCount } }")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    (key,) = await listed(office)
    assert key["scopes"] == ["organization:write"]
    query = '{ auditLog(actions: ["member.create", "access.refused"], actor: "key:CRM") { nodes { credential } } }'
    assert (await office.ada.ask(query))["auditLog"]["nodes"] == [{"credential": key["key"]}] * 2


async def test_a_secret_is_shown_once(office: Office, admin_url: str) -> None:
    """What is listed lets nobody in, and no table holds the secret; asked for again, the key is told without it."""
    ada = office.ada
    ada.headers["idempotency-key"] = "once"
    given = {"name": "CRM", "scopes": ["graph:read"]}
    first, second = [(await ada.do("createApiKey", "secret apiKey { id }", **given)) for _ in range(2)]
    assert (first["apiKey"], second["secret"]) == (second["apiKey"], None)
    crm = office.bearing(first["secret"])
    assert await subject_of(crm) == "key:CRM"
    shown, secret = crm.headers["authorization"].removeprefix("Bearer ").rsplit("_", 1)
    assert [key["key"] for key in await listed(office)] == [shown]
    assert (await subject_of(office.bearing(shown))).startswith("UNAUTHENTICATED")
    connection = await asyncpg.connect(**credentials(admin_url))
    tables = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace <> 11")
    holding = [
        table["relname"]
        for table in tables
        if await connection.fetchval(
            f"SELECT count(*) FROM {await qualified(connection, table['relname'])} AS held WHERE held::text LIKE $1",
            f"%{secret}%",
        )
    ]
    await connection.close()
    assert (len(tables) > 80, holding) == (True, [])


async def qualified(connection: asyncpg.Connection, table: str) -> str:
    """The name of a table with its schema."""
    name: str = await connection.fetchval(
        "SELECT format('%I.%I', relnamespace::regnamespace::text, relname) FROM pg_class"
        " WHERE relname = $1 AND relkind = 'r'",
        table,
    )
    return name


async def test_a_revoked_key_lets_nobody_in(office: Office) -> None:
    """The next request is refused, and noted; revoking again is refused, and others stay good."""
    key_id, crm = await made(office)
    _, other = await made(office, name="BI")
    assert await subject_of(crm) == "key:CRM"
    payload = await office.ada.do("revokeApiKey", "apiKey { revokedAt revokedBy }", id=key_id)
    assert payload["apiKey"] == {"revokedAt": "2026-06-01T12:00:00+00:00", "revokedBy": "ada"}
    assert [await subject_of(crm), await subject_of(crm), await subject_of(other)] == [ENDED, ENDED, "key:BI"]
    shown = crm.headers["authorization"].removeprefix("Bearer ").rsplit("_", 1)[0]
    assert await office.turned_away() == [("key:CRM", shown, "the key has expired, or was revoked")] * 2
    again = await office.ada.try_to("revokeApiKey", "apiKey { id }", id=key_id)
    assert [error["code"] for error in again["errors"]] == ["REVOKED"]


async def test_a_key_ends_by_itself(office: Office) -> None:
    """One that is good for an hour is so one second before, and not after the hour."""
    _, crm = await made(office, expiresAt="2026-06-01T13:00:00Z")
    office.graph.clock.now += timedelta(minutes=59, seconds=59)
    assert await subject_of(crm) == "key:CRM"
    office.graph.clock.now += timedelta(seconds=1)
    assert await subject_of(crm) == ENDED


async def test_a_key_ends_at_a_moment_with_an_offset(office: Office) -> None:
    """Without one it could be any of a day's moments."""
    payload = await office.ada.try_to(
        "createApiKey", "", name="CRM", scopes=["graph:read"], expiresAt="2026-06-01T13:00:00"
    )
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("NAIVE_INSTANT", ["expiresAt"])]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-05:00", "3000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_a_key_ends_before_the_year_3000(office: Office, moment: str) -> None:
    """In UTC the first of these would be in the year 10000, which PostgreSQL's driver has no words for."""
    payload = await office.ada.try_to("createApiKey", "", name="CRM", scopes=["graph:read"], expiresAt=moment)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("BAD_PERIOD", ["expiresAt"])]


async def test_a_key_may_last_to_the_end_of_2999(office: Office) -> None:
    """That day is in reach, whatever the offset makes of it."""
    _, crm = await made(office, expiresAt="2999-12-31T23:59:59-12:00")
    assert await subject_of(crm) == "key:CRM"


async def test_a_key_that_is_none_is_refused(office: Office) -> None:
    """One digit off, another company's number, another prefix: all alike; and what looks like no key says so."""
    _, crm = await made(office)
    key = crm.headers["authorization"].removeprefix("Bearer ")
    beginning, company, prefix, secret = key.split("_")
    last = "0" if secret[-1] != "0" else "1"
    for forged in (
        key[:-1] + last,
        f"{beginning}_{int(company) + 1}_{prefix}_{secret}",
        f"{beginning}_{company}_{'0' * 8}_{secret}",
    ):
        assert await subject_of(office.bearing(forged)) == NOT_VALID
    for garbled in (key[:-1], key.upper().replace("QLK", "qlk"), f"qlk_{'9' * 30}_{prefix}_{secret}", "qlk_"):
        assert (await subject_of(office.bearing(garbled))).startswith("UNAUTHENTICATED: this is no key of ours")
    assert await subject_of(crm) == "key:CRM"


async def test_the_last_use_is_known_to_within_five_minutes(office: Office) -> None:
    """Of uses at noon, 12:04:59 and 12:05 the first and the third are written."""
    _, crm = await made(office)
    assert [key["lastUsedAt"] for key in await listed(office)] == [None]
    for passed, expected in ((0, "12:00:00"), (299, "12:00:00"), (1, "12:05:00")):
        office.graph.clock.now += timedelta(seconds=passed)
        await crm.ask("{ __typename }")
        for _ in range(200):
            (key,) = await listed(office)
            if key["lastUsedAt"] == f"2026-06-01T{expected}+00:00":
                break
            await asyncio.sleep(0.02)
        assert key["lastUsedAt"] == f"2026-06-01T{expected}+00:00"


async def test_a_key_that_has_ended_is_not_used(office: Office) -> None:
    """Whoever comes with it is refused, and it was last used before."""
    payload = await office.ada.do(
        "createApiKey", "secret", name="CRM", scopes=["graph:read"], expiresAt="2026-06-01T13:00:00Z"
    )
    crm = office.bearing(payload["secret"])
    await crm.ask("{ __typename }")
    office.graph.clock.now += timedelta(hours=1)
    assert (await subject_of(crm)).startswith("UNAUTHENTICATED")
    await asyncio.sleep(0.3)  # what notes the use is through by then
    assert [key["lastUsedAt"] for key in await listed(office)] == ["2026-06-01T12:00:00+00:00"]


async def test_only_admins_have_to_do_with_keys(office: Office) -> None:
    """Neither a member nor a service with every scope sees, makes or revokes one."""
    key_id, _ = await made(office)
    every = frozenset(scope.value for scope in Scope)
    service = office.graph.signed_in(Identity(office.work.company.id, "all", Role.SERVICE, scopes=every))
    for client in (office.bo, service):
        for query in (
            LIST,
            'mutation { createApiKey(input: { name: "x", scopes: ["graph:read"] }) { secret } }',
            f'mutation {{ revokeApiKey(input: {{ id: "{key_id}" }}) {{ apiKey {{ id }} }} }}',
        ):
            answer = await client.send(query)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_keys_of_one_name_are_not_answered_for_each_other(office: Office) -> None:
    """What one did under a key of a request, another one does again, if it may; of itself each is answered the same."""
    systems = [(await made(office, *scopes))[1] for scopes in (["organization:write"], ["organization:write"], [])]
    answers = []
    for system in (*systems, *systems):
        once = replace(system, headers={**system.headers, "idempotency-key": "one"})
        answer = await once.send('mutation { createMember(input: { name: "Eve" }) { errors { code } member { id } } }')
        answers.append(answer.get("errors") or answer["data"]["createMember"])
    first, second, refused = answers[:3]
    assert answers[3:5] == [first, second]
    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
    names = [one["name"] for one in (await office.ada.ask("{ members { nodes { name } } }"))["members"]["nodes"]]
    assert names.count("Eve") == 2
