"""Browsers sign in at a real provider, or as somebody of the demo; what they hold for it lets nobody into the graph."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from benchmarks.npm import NoNetwork
from starlette.responses import Response

from quotaloom.demo.beginning import BEGUN
from quotaloom.organizations.commands.members import create_member, leave
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom_server.provider import Metadata, Provider, trusted
from quotaloom_server.signing_in.cookies import keep_flow, new_flow
from quotaloom_server.signing_in.openid import OpenID
from tests.founding import found
from tests.graph_client import GraphClient, serving
from tests.integration.credentials.browsing import HERE, Browser, RunningProvider, providing
from tests.integration.credentials.office import NOON, Office, open_office, subject_of
from tests.left_out import leave_out

OVER = "UNAUTHENTICATED: the session is over; sign in again"


@pytest.fixture
async def provider() -> AsyncIterator[RunningProvider]:
    try:
        async with providing() as running:
            yield running
    except NoNetwork as error:
        leave_out("an OpenID provider", f"its packages cannot be downloaded: {error}")


def cookies_of(response: httpx.Response) -> SimpleCookie:
    """The cookies that an answer sets."""
    found_cookies: SimpleCookie = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        found_cookies.load(header)
    return found_cookies


async def linked(office: Office, subject: str = "00u1") -> str:
    """Link Bo to somebody of the provider; the link's id."""
    payload = await office.ada.do("linkMember", "memberLink { id }", memberId=office.bo_gid, subject=subject)
    link_id: str = payload["memberLink"]["id"]
    return link_id


async def test_signing_in_and_out(
    database: Database, database_url: str, tmp_path: Path, provider: RunningProvider
) -> None:
    """Bo signs in at the provider, has tokens for his page alone, and none once he signs out or his link is gone."""
    async with (
        open_office(database, database_url, tmp_path, **provider.settings) as office,
        Browser(office.graph.http) as browser,
    ):
        link_id = await linked(office)
        back = await browser.sign_in("00u1", return_to="/board?of=east")
        landed = await office.graph.http.get(back)
        assert (landed.status_code, landed.headers["location"]) == (303, "/board?of=east")
        session = cookies_of(landed)["__Secure-quotaloom-session"]
        flags = {name: session[name] for name in ("path", "secure", "httponly", "samesite", "max-age", "domain")}
        assert flags == {
            "path": "/sign-in",
            "secure": True,
            "httponly": True,
            "samesite": "strict",
            "max-age": str(12 * 3600),
            "domain": "",
        }

        answer = await office.graph.http.post(f"{HERE}/graphql", json={"query": "{ viewer { subject } }"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        for origin in (None, "null", "https://evil.example", "http://quotaloom.test", f"{HERE}.evil.example"):
            for what in ("token", "end"):
                assert (await browser.ask(what, origin)).status_code == 403
        given = (await browser.ask("token")).json()
        ends = datetime.fromisoformat(given["expiresAt"]) - datetime.now(UTC)
        assert timedelta(minutes=14) < ends <= timedelta(minutes=15)
        bo = office.bearing(given["token"])
        assert await subject_of(bo) == "bo"
        assert (await office.graph.http.get(back)).status_code == 401  # what came back serves once

        assert (await browser.ask("end")).json()["providerUrl"].startswith(f"{provider.url}/session/end?client_id=")
        assert [await subject_of(bo), (await browser.ask("token")).status_code] == [OVER, 401]

        await office.graph.http.get(await browser.sign_in("00u1"))
        again = office.bearing((await browser.ask("token")).json()["token"])
        assert await subject_of(again) == "bo"
        await office.ada.do("unlinkMember", "", id=link_id)
        assert [await subject_of(again), (await browser.ask("token")).status_code] == [OVER, 401]
        query = '{ auditLog(actions: ["session.begin", "session.end"]) { nodes { actor action } } }'
        assert (await office.ada.ask(query))["auditLog"]["nodes"] == [
            {"actor": "bo", "action": action} for action in ("session.begin", "session.end", "session.begin")
        ]


async def test_what_comes_back_is_believed_by_whoever_began_alone(
    database: Database, database_url: str, tmp_path: Path, provider: RunningProvider
) -> None:
    """Not with another state, in another browser, from another issuer, for another question or by another verifier."""
    async with (
        open_office(database, database_url, tmp_path, **provider.settings) as office,
        Browser(office.graph.http) as browser,
    ):
        await linked(office)
        http, key = office.graph.http, office.graph.authority.key

        async def refused(url: str, saying: str) -> None:
            """Whether it is refused so, and no session begins."""
            response = await http.get(url)
            assert response.status_code == 401
            assert saying in response.text
            assert "__Secure-quotaloom-session" not in cookies_of(response)

        back = await browser.sign_in("00u1")
        came_with = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        assert {"code", "state", "iss"} <= set(came_with)
        for changed, saying in (
            ({"state": "0" * 64}, "begun in another browser"),
            ({"state": came_with["state"][:8]}, "begun in another browser"),
            ({"iss": "https://evil.example"}, "another provider"),
            ({"iss": ""}, "another provider"),
            ({"error": "access_denied"}, "access_denied"),
            ({"code": ""}, "no code"),
        ):
            url = f"{HERE}/sign-in/callback?{urlencode({**came_with, **changed}, doseq=True)}"
            await refused(url, saying)
        http.cookies.clear()
        await refused(back, "begun in another browser")

        for changed, saying in (({"nonce": "another"}, "another question"), ({"verifier": "v" * 64}, "invalid_grant")):
            http.cookies.clear()
            back = await browser.sign_in("00u1")
            state = parse_qs(urlsplit(back).query)["state"][0]
            name = f"__Secure-quotaloom-flow-{state[:8]}"
            claims = jwt.decode(http.cookies[name], key, ["HS256"], audience="quotaloom:sign-in")
            flow = replace(new_flow("/", None), **{one: claims[one] for one in ("state", "nonce", "verifier")})
            response = Response()
            keep_flow(response, replace(flow, **changed), key, datetime.now(UTC))
            forged = response.headers["set-cookie"].split(";")[0].partition("=")[2]
            http.cookies.clear()
            http.cookies.set(name, forged, domain="quotaloom.test", path="/sign-in/callback")
            await refused(back, saying)


async def test_only_members_come_in(
    database: Database, database_url: str, tmp_path: Path, provider: RunningProvider
) -> None:
    """Neither whom the provider knows and nobody linked, nor a member who has left; both are told what to do."""
    async with (
        open_office(database, database_url, tmp_path, **provider.settings) as office,
        Browser(office.graph.http) as browser,
    ):
        response = await office.graph.http.get(await browser.sign_in("00u1"))
        assert (response.status_code, "ask an admin" in response.text) == (401, True)
        await linked(office)
        await leave(office.work, office.bo_id, NOON.date())
        response = await office.graph.http.get(await browser.sign_in("00u1"))
        assert (response.status_code, "does not belong to the company today" in response.text) == (401, True)
        assert [who[0] for who in await office.turned_away()] == ["bo"]
        evil = ["//evil.example", "https://evil.example", "/\\evil.example", f"{HERE}.evil.example/", "javascript:1"]
        for place in [*evil, "http://[", "http://[x]", "http://a\u2100b", f"/{'a' * 1_500}"]:
            response = await office.graph.http.get(f"{HERE}/sign-in", params={"return_to": place})
            assert response.status_code == 400, place
        response = await office.graph.http.get(f"{HERE}/sign-in", params={"company": "a" * 101})
        assert (response.status_code, "at most 100 characters, not 101" in response.text) == (400, True)


async def test_without_its_provider_nobody_signs_in(database: Database, database_url: str, tmp_path: Path) -> None:
    """The page says to try again, with 503."""
    nowhere = RunningProvider("http://127.0.0.1:9")
    async with open_office(database, database_url, tmp_path, **nowhere.settings) as office:
        response = await office.graph.http.get(f"{HERE}/sign-in")
        assert response.status_code == 503


async def chosen(graph: GraphClient, member: str, origin: str = "http://localhost:8000") -> httpx.Response:
    """What answers who chooses a member of the demo."""
    form = {"member": member, "return_to": "/graphql"}
    headers = {"origin": origin, "host": "localhost:8000"}
    return await graph.http.post(f"{HERE}/sign-in/development", data=form, headers=headers)


async def made_the_demo(demo: Work) -> None:
    """What its generator writes down when it founds the company."""

    async def apply(transaction: Transaction) -> None:
        transaction.record(BEGUN, "Company", transaction.company_id, after={"today": "2026-06-01"})

    await demo.write(apply)


async def test_in_development_somebody_of_the_demo_is_chosen(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Without a provider a page has the members of the demo, and of no other company; other sites choose nobody."""
    demo = await found(database, key="demo", time_zone="UTC")
    await made_the_demo(demo)
    await create_member(demo, NewMember("Ada <3", role="admin", key="ada"))
    other = await found(database, key="other")
    await create_member(other, NewMember("Zoe", key="zoe"))
    async with serving(database_url, tmp_path, NOON) as graph:
        page = await graph.http.get(f"{HERE}/sign-in", params={"return_to": "/graphql"})
        assert "Ada &lt;3 (admin)" in page.text
        assert "Zoe" not in page.text
        assert (await chosen(graph, "zoe")).status_code == 401
        assert (await chosen(graph, "ada", "https://evil.example")).status_code == 403
        landed = await chosen(graph, "ada")
        assert (landed.status_code, landed.headers["location"]) == (303, "/graphql")
        headers = {"origin": "http://localhost:8000", "host": "localhost:8000"}
        given = (await graph.http.post(f"{HERE}/sign-in/token", headers=headers)).json()
        graph.headers["authorization"] = f"Bearer {given['token']}"
        assert await subject_of(graph) == "ada"


async def test_a_company_that_only_has_the_key_of_the_demo_is_not_the_demo(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Its members are real, and nobody is let in as one of them."""
    company = await found(database, key="demo")
    await create_member(company, NewMember("Ada", role="admin", key="ada"))
    async with serving(database_url, tmp_path, NOON) as graph:
        page = await graph.http.get(f"{HERE}/sign-in")
        assert (page.status_code, "Ada" in page.text) == (401, False)
        assert (await chosen(graph, "ada")).status_code == 401


async def test_nobody_is_chosen_where_members_sign_in_elsewhere(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """With an issuer of tokens, though no browser goes to it from here, there is no other way in."""
    await made_the_demo(await found(database, key="demo"))
    issuer: dict[str, Any] = {"oidc_issuer": "https://id.example", "oidc_audience": "quotaloom"}
    async with serving(database_url, tmp_path, NOON, **issuer) as graph:
        assert (await graph.http.get(f"{HERE}/sign-in")).status_code == 404
        assert (await chosen(graph, "ada")).status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.2", "2001:db8::1", "::ffff:192.0.2.2", "somewhere"])
async def test_nobody_is_chosen_from_another_machine(
    database: Database, database_url: str, tmp_path: Path, address: str
) -> None:
    """Whatever it calls the host, directly or behind a proxy on this machine; nobody is shown there either."""
    demo = await found(database, key="demo")
    await made_the_demo(demo)
    await create_member(demo, NewMember("Ada", role="admin", key="ada"))
    async with serving(database_url, tmp_path, NOON) as graph:
        graph.http.headers["x-forwarded-for"] = address
        for answer in (await chosen(graph, "ada"), await graph.http.get(f"{HERE}/sign-in")):
            assert (answer.status_code, "Ada" in answer.text) == (403, False)
        graph.http.headers["x-forwarded-for"] = "127.0.0.1"
        transport = graph.http._transport
        assert isinstance(transport, httpx.ASGITransport)
        transport.client = ("192.0.2.2", 1)  # whoever is no proxy of ours says what he likes
        assert (await chosen(graph, "ada")).status_code == 403


async def test_a_host_that_is_none_is_refused(database: Database, database_url: str, tmp_path: Path) -> None:
    """Not with a failure of the server."""
    await found(database, key="demo")
    async with serving(database_url, tmp_path, NOON) as graph:
        for what in ("token", "end", "development"):
            headers = {"origin": "http://[", "host": "["}
            assert (await graph.http.post(f"{HERE}/sign-in/{what}", headers=headers)).status_code == 403, what


async def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading those that are trusted is most of what a sign-in takes, and anybody may begin one."""
    read = 0
    reading = ssl.create_default_context

    def counted(*arguments: Any, **options: Any) -> ssl.SSLContext:
        nonlocal read
        read += 1
        return reading(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    trusted.cache_clear()
    provider = Provider("https://login.example.com", None)
    at = f"{provider.issuer}/"
    provider._metadata = Metadata(provider.issuer, f"{at}jwks", f"{at}authorize", f"{at}token")
    openid = OpenID(provider, "quotaloom", "secret", "https://sales.example.com")
    for _ in range(3):
        address = await openid.address(new_flow("/", None))
        assert address.startswith(f"{at}authorize?")
    assert read == 1


async def test_production_knows_no_development_sign_in(
    database: Database, database_url: str, admin_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a provider there is nothing at /sign-in; with one, the provider alone."""
    await found(database, key="demo")
    monkeypatch.setenv("QUOTALOOM_DATABASE_URL", database_url)
    monkeypatch.setenv("QUOTALOOM_ADMIN_DATABASE_URL", admin_url)
    nowhere = RunningProvider("http://127.0.0.1:9").settings
    for more, expected in (({}, 404), (nowhere, 503)):
        options: dict[str, Any] = {"profile": "production", **more}
        async with serving(database_url, tmp_path, NOON, **options) as graph:
            assert (await graph.http.get(f"{HERE}/sign-in")).status_code == expected
            assert (await chosen(graph, "ada")).status_code == 404


async def test_pages_of_origins_that_are_named_have_tokens(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """A page of a named origin may bring the cookie along; where all may call the API, no other page has tokens."""
    demo = await found(database, key="demo")
    await made_the_demo(demo)
    await create_member(demo, NewMember("Ada", key="ada"))
    page = {"origin": "https://app.example.com"}
    for origins, status, brings in (("https://app.example.com", 200, "true"), ("*", 403, None)):
        async with serving(database_url, tmp_path, NOON, cors_origins=origins) as graph:
            assert (await chosen(graph, "ada")).status_code == 303
            answer = await graph.http.post(f"{HERE}/sign-in/token", headers=page)
            told = answer.status_code, answer.headers.get("access-control-allow-credentials")
            assert told == (status, brings)
