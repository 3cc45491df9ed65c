"""Every route of the application, asked by everybody whom it does not concern: nothing planted is told by any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from starlette.routing import BaseRoute, Route, WebSocketRoute

from quotaloom.credentials.sessions import SessionText, begin_session
from quotaloom.demo.beginning import BEGUN
from quotaloom.demo.organizing import COMPANY_KEY as DEMO_KEY
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom.platform.unit_of_work import Transaction, Writer
from quotaloom_graphql.nodes import encode_id
from quotaloom_graphql.report_paths import _READ
from quotaloom_server.application import create_application
from quotaloom_server.outside_tokens import COMPANY
from quotaloom_server.signing_in.cookies import SESSION
from tests.conftest import APPLICATION_ROLE
from tests.graph_client import GraphClient, serving
from tests.integration.credentials.issuers import Issuer, issuing
from tests.integration.funnels.floors import NOON
from tests.integration.graph.test_nodes import one_of_each
from tests.integration.graph.worlds import NOTHING
from tests.integration.walls.asking import Asking, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, hidden_rows, rows_of
from tests.integration.walls.fingerprints import counted
from tests.integration.walls.planting import Walls
from tests.integration.walls.routes import (
    GRAPH,
    KNOWN,
    ORIGIN,
    Asked,
    Heard,
    Knocking,
    noting_parameters,
    requests_to,
)
from tests.integration.walls.sending import insider
from tests.integration.walls.test_dropped_policies import tables_of
from tests.integration.walls.test_probing import NOWHERE
from tests.integration.walls.test_reading import TABLES, ids_of

OPTIONS: Final[dict[str, Any]] = {"token_cost_per_minute": 0, "company_cost_per_minute": 0}
"""However often it is asked."""

NOTHING_IDS: Final = {name: encode_id(name, NOTHING) for name in TABLES}
PLACE: Final = "/sign-in"


CALLBACK: Final = f"{PLACE}/callback"
CHOICE: Final = f"{PLACE}/development"
READ_BY_NAME: Final = {*_READ, "columns"}
"""What reports take."""

THOROUGH: Final = ("the stranger's admin", "the twin's admin", "nobody")


def ids_in(walls: Walls) -> dict[str, str]:
    """One of each of the planted company; there are templates of plans alone that are not published."""
    return {**ids_of(walls), "Plan": one_of_each(walls.world)["Plan"]}


@dataclass
class House:
    """An application on the three companies: its routes, and what it is asked."""

    graph: GraphClient
    knocking: Knocking
    routes: list[BaseRoute]
    issuer: Issuer | None
    """The provider, where there is one."""

    admins: Mapping[int, int]
    """By company a member who is its admin."""

    @property
    def requests(self) -> list[Asked]:
        """Each route by each method, with each parameter; files, which do not ask for providers, in one house alone."""
        asked = requests_to(self.routes)
        return [one for one in asked if not KNOWN[one.route].tells] if self.issuer else asked

    def token_of(self, who: Identity | None) -> dict[str, str]:
        """What somebody sends with each request."""
        if who is not None and who.role is Role.ADMIN:
            who = replace(who, member_id=self.admins[who.company_id])
        return {} if who is None else self.graph.signed_in(who).headers

    async def alike(
        self, asked: Asked, who: Mapping[str, str], first: Mapping[str, str], second: Mapping[str, str]
    ) -> tuple[bool, Heard]:
        """Whether he is answered alike with either ids, once all is read that a process reads only once."""
        for _ in range(3):
            heard = [await self.knocking.ask(asked, ids, who) for ids in (first, second)]
            if heard[0] == heard[1]:
                break
        return heard[0] == heard[1], heard[0]


@pytest.fixture
def url(postgres: EmbeddedServer, walls_name: str) -> str:
    """The address of the three companies."""
    return postgres.url(walls_name, APPLICATION_ROLE)


@pytest.fixture(params=["development", "provider"])
async def house(
    request: pytest.FixtureRequest, url: str, asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """In turn an application that lets browsers choose somebody of the demo, and one that sends them to a provider."""
    async with AsyncExitStack() as stack:
        options, issuer = dict(OPTIONS), None
        if request.param == "provider":
            issuer, _ = stack.enter_context(issuing())
            options |= {**issuer.settings, "oidc_client_id": "quotaloom", "public_url": ORIGIN["origin"]}
        routes = create_application(Settings(data_dir=tmp_path, **options), url).routes
        admins = await appointed(asking)
        statements = stack.enter_context(counted(monkeypatch))
        with statements.silent():
            graph = await stack.enter_async_context(serving(url, tmp_path, NOON, **options))
        yield House(graph, Knocking(graph.http, statements), routes, issuer, admins)


async def appointed(asking: Asking) -> dict[int, int]:
    """A new admin of each company, since tokens name members; the stranger has metrics, as reports want one."""
    walls, writer = asking.walls, Writer("tests", None, NOON)

    async def appoint(transaction: Transaction) -> int:
        await install_builtin_metrics(transaction, "CNY")
        (member_id,) = await insert_members(transaction, [NewMember("Boss", key="boss", role="admin")])
        return member_id

    return {
        company: await asking.database.write(company, writer, appoint)
        for company in (walls.planted_id, walls.twin_id, walls.stranger_id)
    }


def strangers_tokens(house: House, walls: Walls) -> dict[str, dict[str, str]]:
    """What everybody sends who has no business with the planted company, those with a bad token among them."""
    boss, hour = Identity(walls.planted_id, "boss", Role.ADMIN), timedelta(hours=1)
    ours, theirs = house.graph.authority, TokenAuthority(b"t" * 32, "here", "us")
    bad = {
        "a token of another installation": theirs.issue(boss, datetime.now(UTC), hour),
        "an expired token": ours.issue(boss, datetime.now(UTC) - 2 * hour, hour),
        "a key that there is not": f"ql_{walls.planted_id}_abcdefgh_{'0' * 64}",
    }
    services = {
        f"a service that may {scope}": Identity(walls.planted_id, "crm", Role.SERVICE, scopes=frozenset({scope.value}))
        for scope in Scope
        if scope is not Scope.READ
    }
    return {
        **{name: house.token_of(who) for name, who in (strangers(walls) | services).items()},
        **{name: {"authorization": f"Bearer {token}"} for name, token in bad.items()},
    }


async def test_every_route_and_parameter_is_known(house: House, asking: Asking) -> None:
    """Whoever adds one says in `KNOWN` what it takes. What is asked here is answered to an admin, with canaries."""
    walls, ids = asking.walls, ids_in(asking.walls)
    boss = house.token_of(Identity(walls.planted_id, "boss", Role.ADMIN))
    paths = {one.path for one in house.routes if isinstance(one, Route)} - {GRAPH}
    assert {one.path for one in house.routes if isinstance(one, WebSocketRoute)} == {GRAPH}
    assert paths == KNOWN.keys() - {CHOICE if house.issuer else CALLBACK}
    told, refused = set(), list[object]()
    with pytest.MonkeyPatch.context() as patch, noting_parameters(patch) as noted:
        for asked in house.requests:
            heard = await house.knocking.ask(asked, ids, boss)
            if KNOWN[asked.route].tells:
                told |= {asked.route} if heard.canaries else set()
                refused += [] if heard.status == 200 else [(asked, heard)]
            looked_for = noted.pop(asked.path(ids), set())
            assert (READ_BY_NAME if "*" in looked_for else looked_for) <= KNOWN[asked.route].parameters, asked
    assert refused == []
    assert told == {one.route for one in house.requests if KNOWN[one.route].tells}


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
async def test_strangers_are_told_nothing_by_any_route(house: House, asking: Asking, every: int) -> None:
    """No canary, and foreign ids answer like those of nothing: status, headers, words and number of statements.

    Some ask for everything, the others for one in so many, each for others. What is the twin's own it is told.
    """
    foreign, wrong = ids_in(asking.walls), []
    for number, (name, who) in enumerate(strangers_tokens(house, asking.walls).items()):
        for asked in house.requests if name in THOROUGH else house.requests[number % every :: every]:
            alike, heard = await house.alike(asked, who, foreign, foreign if "twin" in name else NOTHING_IDS)
            if not alike or heard.canaries:
                wrong.append((name, asked, heard))
            if KNOWN[asked.route].tells and "authorization" not in who:
                assert heard.status == 401
            if asked.is_report and asked.is_plain and name == THOROUGH[0]:
                assert heard.status == 200  # it is his own company's
    assert wrong == []


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.soak)])
async def test_members_are_told_nothing_of_others_by_any_route(
    house: House, asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """Of what Ann, Hal and Wu must not see there is nothing in any file, and its ids answer like those of nothing."""
    walls, wrong = asking.walls, []
    rows, own = await rows_of(admin, walls), ids_in(walls)
    for number, one in enumerate(INSIDERS):
        hidden, who = hidden_from(one, walls, rows), house.token_of(insider(walls, one.name))
        unseen = {name: found[-1] for name, table in TABLES.items() if (found := hidden_rows(one, walls, rows, table))}
        for asked in house.requests[number % every :: every]:
            heard = await house.knocking.ask(asked, own, who)
            if heard.canaries & hidden.keys():
                wrong.append((one.name, asked, heard))
            for type_name in asked.types & unseen.keys():
                ids = {**own, type_name: encode_id(type_name, unseen[type_name])}
                alike, heard = await house.alike(asked, who, ids, {**own, type_name: NOTHING_IDS[type_name]})
                if not alike or heard.canaries & hidden.keys():
                    wrong.append((one.name, asked, heard))
    assert wrong == []


async def test_without_the_policies_files_are_told(
    house: House, asking: Asking, admin: asyncpg.Connection[Any]
) -> None:
    """So the tests see what they are there for: with row-level security away, the stranger has other files, or any.

    But for a template, which stumbles over plans of several companies.
    """
    who, ids = house.token_of(strangers(asking.walls)["the stranger's admin"]), ids_in(asking.walls)
    files = [one for one in house.requests if KNOWN[one.route].tells and one.method == "GET" and one.is_plain]
    before = [await house.knocking.ask(asked, ids, who) for asked in files]
    for table in await tables_of(admin):
        await admin.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for asked, known in zip(files, before, strict=True):
        try:
            heard = await house.knocking.ask(asked, ids, who)
        except ValueError:
            assert "template" in asked.route
        else:
            assert heard.text != known.text, asked
            assert heard.canaries or asked.is_report, asked


async def test_what_is_named_otherwise_answers_alike(
    house: House, asking: Asking, admin: asyncpg.Connection[Any]
) -> None:
    """By a cookie, a form, or a company's key in the query or a header: what the planted company has, and what nobody.

    In the development profile the stranger is the demo, of which anybody is somebody.
    """
    walls = asking.walls
    await admin.execute("UPDATE company SET key = $2 WHERE id = $1", walls.stranger_id, DEMO_KEY)
    await admin.execute(
        "INSERT INTO audit_entry (company_id, at, actor, action, object_type, object_id, after)"
        """ VALUES ($1, now(), 'demo', $2, 'Company', $1, '{"today": "2026-06-01"}')""",
        walls.stranger_id,
        BEGUN,
    )
    session = await session_of_ann(asking)
    assert (await house.knocking.send("POST", f"{PLACE}/token", headers=by_cookie(session))).status == 200
    for asked, theirs, nobodys in [*sessions(session, walls), *await keys(house, admin, walls)]:
        heard = [await house.knocking.send(*asked, **options) for options in (theirs, nobodys)]
        assert heard[0] == heard[1], asked
        assert not heard[0].canaries
        assert heard[0].status in (200, 302, 401)
    if house.issuer is None:
        page = await house.knocking.send("GET", PLACE, headers=ORIGIN)
        assert "kim" in page.text
        assert not page.canaries


Options = dict[str, Any]
Pair = tuple[tuple[str, str], Options, Options]
"""A method and a path, what is sent with it that the planted company has, and what nobody has."""


async def session_of_ann(asking: Asking) -> SessionText:
    """A session of the planted company's Ann."""
    members = asking.walls.world.floor.members
    ann = Identity(asking.walls.planted_id, "ann", Role.MEMBER, members["ann"])
    return await begin_session(asking.database, ann, datetime.now(UTC), timedelta(hours=1))


def by_cookie(session: SessionText) -> dict[str, str]:
    """What a browser sends that has a session."""
    return {**ORIGIN, "cookie": f"{SESSION}={session.text}"}


def sessions(session: SessionText, walls: Walls) -> Iterator[Pair]:
    """Requests with a session of the planted company, for another one or without its secret, and with one of nobody."""
    for other in (
        replace(session, company_id=walls.twin_id),
        replace(session, company_id=walls.stranger_id),
        replace(session, secret="0" * 64),
    ):
        for what in ("token", "end"):
            nobodys = replace(other, session_id=NOTHING)
            yield ("POST", f"{PLACE}/{what}"), {"headers": by_cookie(other)}, {"headers": by_cookie(nobodys)}


async def keys(house: House, admin: asyncpg.Connection[Any], walls: Walls) -> list[Pair]:
    """Requests that name the planted company, or Ann, by their keys, and the same with keys of nobody."""
    company = await admin.fetchval("SELECT key FROM company WHERE id = $1", walls.planted_id)
    ann = await admin.fetchval(
        "SELECT key FROM member WHERE company_id = $1 AND id = $2", walls.planted_id, walls.world.floor.members["ann"]
    )
    if house.issuer is None:
        theirs, nobodys = ({"data": {"member": key}, "headers": ORIGIN} for key in (ann, NOWHERE))
        return [(("POST", CHOICE), theirs, nobodys)]
    await admin.execute(
        "INSERT INTO outside_subject (company_id, issuer, subject, member_id, created_at, created_by)"
        " VALUES ($1, $2, '00u1', $3, now(), 'tests')",
        walls.stranger_id,
        house.issuer.url,
        walls.stranger_members["lee"],
    )
    bearer = {"authorization": f"Bearer {house.issuer.token()}"}
    report: Options = {"params": {"period": "2026"}, "headers": {**bearer, COMPANY: DEMO_KEY}}
    assert (await house.knocking.send("GET", "/reports/attainment.csv", **report)).status == 200  # of his own company
    theirs, nobodys = ({"headers": {**bearer, COMPANY: key}} for key in (company, NOWHERE))
    files: list[Pair] = [(("GET", path), theirs, nobodys) for path, known in KNOWN.items() if known.tells]
    theirs, nobodys = ({"params": {"company": key}, "headers": ORIGIN} for key in (company, NOWHERE))
    return [(("GET", PLACE), theirs, nobodys), *files]
