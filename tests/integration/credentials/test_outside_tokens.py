"""Tokens of an outside issuer: by its own keys, for us, and of whoever an admin linked to a member."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quotaloom.organizations.commands.members import create_member, leave
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from quotaloom_server.outside_tokens import verified
from quotaloom_server.provider import Provider
from tests.founding import found
from tests.integration.credentials.issuers import AUDIENCE, KEYS, Issuer, issuing, public
from tests.integration.credentials.office import NOON, Office, open_office, subject_of

NOT_VALID = "UNAUTHENTICATED: the token is not valid here"
NOT_LINKED = "UNAUTHENTICATED: no member here is linked to this sign-in; ask an admin to link '00u1'"


@pytest.fixture
def issuer_and_server() -> Iterator[tuple[Issuer, ThreadingHTTPServer]]:
    with issuing() as opened:
        yield opened


@pytest.fixture
def issuer(issuer_and_server: tuple[Issuer, ThreadingHTTPServer]) -> Issuer:
    return issuer_and_server[0]


async def link(office: Office, subject: str = "00u1") -> str:
    """Link Bo to a subject; the link's id."""
    payload = await office.ada.do("linkMember", "memberLink { id }", memberId=office.bo_gid, subject=subject)
    found_id: str = payload["memberLink"]["id"]
    return found_id


async def test_whoever_is_linked_comes_in_as_that_member(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """By each kind of key, from the link on; not once it is taken away, and as another member once linked to him."""
    async with open_office(database, database_url, tmp_path, **issuer.settings) as office:
        tokens = [issuer.token(algorithm) for algorithm in KEYS]
        assert {await subject_of(office.bearing(token)) for token in tokens} == {NOT_LINKED}
        link_id = await link(office)
        assert {await subject_of(office.bearing(token)) for token in tokens} == {"bo"}
        bo = office.bearing(tokens[0])
        await bo.send('mutation { createMember(input: { name: "Eve" }) { errors { code } } }')
        assert [who[:2] for who in await office.turned_away()] == [("bo", "outside abc")]
        query = "{ memberLinks { nodes { subject issuer member { name } createdBy } } }"
        links = (await office.ada.ask(query))["memberLinks"]
        expected = {"subject": "00u1", "issuer": issuer.url, "member": {"name": "Bo"}, "createdBy": "ada"}
        assert links["nodes"] == [expected]
        await office.ada.do("unlinkMember", "memberLink { id }", id=link_id)
        assert await subject_of(bo) == "UNAUTHENTICATED: whom the token names is no longer linked to a member"
        assert await subject_of(bo) == NOT_LINKED
        eve = await create_member(office.work, NewMember("Eve"))
        await office.ada.do("linkMember", "", memberId=encode_id("Member", eve), subject="00u1")
        assert {await subject_of(office.bearing(token)) for token in tokens} == {"eve"}
        await leave(office.work, eve, NOON.date())
        assert (await subject_of(bo)).startswith("UNAUTHENTICATED: the token's member does not belong")


def encoded(part: Any) -> str:
    """A part of a token."""
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(issuer: Issuer) -> dict[str, str]:
    """Tokens that are not to be believed, by what is wrong with them."""
    body = encoded(issuer.claims())
    pem = KEYS["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    shared = f"{encoded({'alg': 'HS256', 'kid': 'RS256', 'typ': 'JWT'})}.{body}"
    mac = urlsafe_b64encode(hmac.digest(pem, shared.encode(), sha256)).rstrip(b"=").decode()
    now = issuer.claims()["iat"]
    header, _, signature = issuer.token().split(".")
    return {
        "a public key as a shared secret": f"{shared}.{mac}",
        "unsigned": f"{encoded({'alg': 'none'})}.{body}.",
        "of several algorithms": f"{encoded({'alg': ['RS256'], 'kid': 'RS256'})}.{body}.{signature}",
        "of a kind of key": f"{encoded({'alg': 'RS256', 'kid': ['RS256']})}.{body}.{signature}",
        "unsigned, by a key": f"{encoded({'alg': 'none', 'kid': 'RS256'})}.{body}.",
        "another key of that name": issuer.token(by=rsa.generate_private_key(65537, 2048)),
        "a key of another kind": issuer.token("ES256", header={"kid": "RS256"}),
        "an algorithm of the same key that is not for it": jwt.encode(
            issuer.claims(), KEYS["RS256"], "RS512", {"kid": "RS256"}
        ),
        "other claims": f"{header}.{encoded(issuer.claims(sub='00u2'))}.{signature}",
        "for others": issuer.token(aud="another-api"),
        "for nobody": issuer.token(aud=None),
        "by another issuer": issuer.token(iss=f"{issuer.url}/other"),
        "by nobody": issuer.token(iss=None),
        "of nobody": issuer.token(sub=None),
        "of nothing": issuer.token(sub=""),
        "of an unprintable": issuer.token(sub="00u1\0"),
        "of half a surrogate pair": issuer.token(sub="00u1\ud800"),
        "with a number of half a surrogate pair": issuer.token(jti="\ud800"),
        "with a number that has a NUL": issuer.token(jti="a\0"),
        "without an end": issuer.token(exp=None),
        "over for 40 seconds": issuer.token(exp=now - 40),
        "over for good": issuer.token(exp=10**20),
        "not yet": issuer.token(nbf=now + 60),
        "with a condition": issuer.token(header={"crit": ["x"], "x": 1}),
        "by an unknown key": issuer.token(header={"kid": "RS257"}),
        "too long": issuer.token(more="x" * 20_000),
    }


async def test_a_token_is_believed_only_by_its_issuers_keys_and_for_us(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """Each that is forged, meant for others or not good now is refused; clocks may differ by half a minute."""
    async with open_office(database, database_url, tmp_path, **issuer.settings) as office:
        await link(office)
        now = issuer.claims()["iat"]
        for good in (
            issuer.token(),
            issuer.token(exp=now - 20),
            issuer.token(nbf=now + 20),
            issuer.token(aud=["x", "quotaloom-api"]),
        ):
            assert await subject_of(office.bearing(good)) == "bo"
        for what, token in forged(issuer).items():
            assert (await subject_of(office.bearing(token))).startswith("UNAUTHENTICATED"), what
        own = office.ada
        assert await subject_of(own) == "ada"


async def test_a_token_chooses_no_company(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """Linked in two companies, whoever asks names one; a company in which he is not linked stays closed."""
    async with open_office(database, database_url, tmp_path, **issuer.settings) as office:
        await link(office)
        other, third = await found(database, key="other"), await found(database, key="third")
        zoe_id = await create_member(other, NewMember("Zoe", role="admin"))
        zoe = office.graph.signed_in(Identity(other.company.id, "zoe", Role.ADMIN, zoe_id))
        await zoe.do("linkMember", "", memberId=encode_id("Member", zoe_id), subject="00u1")
        token = issuer.token(company="third", org=third.company.key)
        assert "linked to several companies" in await subject_of(office.bearing(token))
        for key, member in (("acme", "bo"), ("other", "zoe")):
            assert await subject_of(office.bearing(token, **{"Quotaloom-Company": key})) == member
        assert await subject_of(office.bearing(token, **{"Quotaloom-Company": "third"})) == NOT_LINKED


async def test_a_link_of_another_company_shuts_nobody_out(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """Until he goes there by naming it."""
    async with open_office(database, database_url, tmp_path, **issuer.settings) as office:
        await link(office)
        bo = office.bearing(issuer.token())
        assert await subject_of(bo) == "bo"
        other = await found(database, key="other")
        zoe_id = await create_member(other, NewMember("Zoe", role="admin"))
        zoe = office.graph.signed_in(Identity(other.company.id, "zoe", Role.ADMIN, zoe_id))
        await zoe.do("linkMember", "", memberId=encode_id("Member", zoe_id), subject="00u1")
        fresh = issuer.token(jti="fresh")
        assert await subject_of(office.bearing(fresh)) == "bo"
        assert await subject_of(office.bearing(fresh, **{"Quotaloom-Company": "other"})) == "zoe"
        assert "linked to several companies" in await subject_of(office.bearing(issuer.token(jti="later")))


async def test_a_claim_chooses_among_companies_where_the_operator_says_so(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """The company that the claim names, if he is linked there; none without the claim, whatever the header says."""
    settings = {**issuer.settings, "oidc_company_claim": "org"}
    async with open_office(database, database_url, tmp_path, **settings) as office:
        await link(office)
        await found(database, key="other")
        assert await subject_of(office.bearing(issuer.token(org="acme"))) == "bo"
        for token in (issuer.token(org="other"), issuer.token(org=7), issuer.token()):
            assert await subject_of(office.bearing(token, **{"Quotaloom-Company": "acme"})) == NOT_LINKED


async def test_a_dead_issuer_stops_nobody_whose_key_is_known(
    database: Database, database_url: str, tmp_path: Path, issuer_and_server: tuple[Issuer, ThreadingHTTPServer]
) -> None:
    """Once its server is gone a new token by a known key is good, and one by a new key is not."""
    issuer, server = issuer_and_server
    issuer.keys = [public("RS256")]
    async with open_office(database, database_url, tmp_path, **issuer.settings) as office:
        await link(office)
        assert await subject_of(office.bearing(issuer.token())) == "bo"
        server.shutdown()
        server.server_close()
        assert await subject_of(office.bearing(issuer.token(jti="another"))) == "bo"
        assert (await subject_of(office.bearing(issuer.token("ES256")))).startswith("UNAUTHENTICATED")


async def test_strangers_keep_no_new_key_out(issuer: Issuer) -> None:
    """A token by an invented key each second, for seventy: they have the keys fetched every five. Then the key changes,
    between two of these: a token by the new one is good with the next, though the inventions go on."""
    now, refused = 0.0, list[float]()
    issuer.keys = [public("RS256")]

    async def is_good(provider: Provider, token: str) -> bool:
        try:
            return bool(await verified(token, provider.keys, issuer.url, AUDIENCE))
        except Unauthenticated:
            return False

    async with Provider(issuer.url, None, lambda: now) as provider:
        assert await is_good(provider, issuer.token())
        for second in range(72):
            now = float(second)
            assert not await is_good(provider, issuer.token(header={"kid": f"invented {second}"}))
        assert issuer.asked == 1 + 15
        issuer.keys = [public("ES256")]
        while not await is_good(provider, issuer.token("ES256")):
            refused.append(now)
            now += 1
            assert not await is_good(provider, issuer.token(header={"kid": f"invented {now}"}))
        assert (refused, now, issuer.asked) == ([71.0, 72.0, 73.0, 74.0], 75.0, 1 + 16)
        assert not await is_good(provider, issuer.token())


async def test_without_an_audience_no_outside_token_is_taken(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """An issuer alone is for signing in: its access tokens are as good as any others."""
    async with open_office(database, database_url, tmp_path, oidc_issuer=issuer.url) as office:
        await link(office)
        assert await subject_of(office.bearing(issuer.token())) == NOT_VALID


async def test_an_issuer_that_was_never_reached_leaves_it_open_who_comes(
    database: Database, database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """The answer is UNAVAILABLE where its keys cannot be had; tokens of our own are good meanwhile."""
    settings = {**issuer.settings, "oidc_jwks_url": f"{issuer.url}/nowhere"}
    async with open_office(database, database_url, tmp_path, **settings) as office:
        assert (await subject_of(office.bearing(issuer.token()))).startswith("UNAVAILABLE")
        assert await subject_of(office.bo) == "bo"
