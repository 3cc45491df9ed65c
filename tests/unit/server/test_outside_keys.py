"""The keys of an outside issuer: which are taken, and when they are fetched."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from quotaloom.platform.errors import Unauthenticated, Unavailable
from quotaloom_server.outside_keys import OutsideKeys, usable_keys

RSA = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
SHORT = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key()))
P256 = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
P384 = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key()))
ED = json.loads(OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key()))
OCT = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}


@dataclass
class Issuer:
    """An issuer that counts how often it is asked; it is away while `keys` is None."""

    keys: list[Any] | None
    asked: int = 0
    now: float = 0.0
    busy: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self) -> Any:
        """Its keys."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.keys is None:
            raise Unavailable("away")
        return {"keys": self.keys}

    def kept(self) -> OutsideKeys:
        """What is kept of them."""
        return OutsideKeys(self.fetch, lambda: self.now)


def named(kid: str, key: dict[str, Any] = RSA, **values: Any) -> dict[str, Any]:
    """A key under a name."""
    return {**key, "kid": kid, **values}


async def found(kept: OutsideKeys, kid: str, algorithm: str = "RS256") -> str | None:
    """The kind of key that is found, or None."""
    try:
        return str((await kept.key(kid, algorithm)).key_type)
    except Unauthenticated:
        return None


def test_public_keys_for_signatures_are_taken_and_no_others() -> None:
    """RSA of 2048 bits, P-256 and Ed25519; none that is shared, private, short, for encryption, or named otherwise."""
    taken = [named("rsa"), named("ec", P256), named("ed", ED), named("said", RSA, alg="RS256", use="sig")]
    left_out = [
        named("shared", OCT),
        named("hs", OCT, alg="HS256"),
        named("confused", RSA, alg="HS256"),
        named("none", RSA, alg="none"),
        named("short", SHORT),
        named("curve", P384),
        named("wrong curve", P384, alg="ES256"),
        named("encrypting", RSA, use="enc"),
        named("wrapping", RSA, key_ops=["wrapKey"]),
        named("private", RSA, d="AQAB"),
        named("broken", {"kty": "RSA", "n": "!", "e": 7}),
        named("unknown", {"kty": ["RSA"]}),
        {**RSA, "kid": 7},
        {},
        "key",
    ]
    assert set(usable_keys({"keys": taken + left_out})) == {"rsa", "ec", "ed", "said"}
    nothings: list[Any] = [None, [], {}, {"keys": {}}, "keys"]
    for nothing in nothings:
        with pytest.raises(Unavailable):
            usable_keys(nothing)


def test_a_token_need_not_name_the_only_key() -> None:
    """One key is found without a name, of two none is."""
    assert set(usable_keys({"keys": [named("a")]})) == {"a", None}
    assert set(usable_keys({"keys": [named("a"), named("b"), RSA]})) == {"a", "b"}


async def test_a_key_serves_its_own_algorithm_alone() -> None:
    """An RSA key checks no ES256."""
    kept = Issuer([named("a")]).kept()
    assert [await found(kept, "a"), await found(kept, "a", "ES256")] == ["RSA", None]


async def test_a_new_key_is_fetched_once() -> None:
    """Fifty tokens at once have the keys fetched once; so do fifty by the key that comes after it."""
    issuer = Issuer([named("old")])
    kept = issuer.kept()
    assert set(await asyncio.gather(*(found(kept, "old") for _ in range(50)))) == {"RSA"}
    assert issuer.asked == 1
    issuer.keys = [named("old"), named("new", ED)]
    assert set(await asyncio.gather(*(found(kept, "new", "EdDSA") for _ in range(50)))) == {"OKP"}
    assert (issuer.asked, await found(kept, "old")) == (2, "RSA")


async def test_a_flood_of_unknown_keys_makes_no_flood_of_fetches() -> None:
    """A thousand invented names in a minute: fetches every five seconds, twelve, and the one before them."""
    issuer = Issuer([named("a")])
    kept = issuer.kept()
    await found(kept, "a")
    for number in range(1000):
        issuer.now = number * 0.06
        assert await found(kept, f"invented {number}") is None
    assert issuer.asked == 13
    issuer.now = 61.0
    issuer.keys = [named("b")]
    assert [await found(kept, "b"), await found(kept, "a")] == ["RSA", None]


async def test_whoever_guesses_the_name_of_the_next_key_keeps_nobody_waiting() -> None:
    """Asked for ten times a second for a minute before it is there, it is found within five seconds all the same."""
    issuer = Issuer([named("a")])
    kept = issuer.kept()
    for number in range(601):
        issuer.now = number * 0.1
        assert await found(kept, "b") is None
    issuer.keys = [named("b")]
    issuer.now += 5
    assert await found(kept, "b") == "RSA"


async def test_an_issuer_that_fails_is_asked_less_and_less() -> None:
    """Asked for a new key each second for two minutes: after 0, 2, 6, 14, 30, 62 and no more, until it answers."""
    issuer = Issuer([named("a")])
    kept = issuer.kept()
    await found(kept, "a")
    issuer.keys = None
    for second in range(122):
        issuer.now = float(second)
        assert await found(kept, f"new {second}") is None
    assert issuer.asked == 1 + 6
    issuer.keys, issuer.now = [named("b")], 122.0
    assert await found(kept, "b") == "RSA"
    issuer.keys, issuer.now = None, 130.0
    assert [await found(kept, "c"), issuer.asked] == [None, 9]
    issuer.now = 132.0
    assert [await found(kept, "c"), issuer.asked] == [None, 10]


async def test_known_keys_stay_while_the_issuer_is_away_and_go_when_it_drops_them() -> None:
    """A day without an answer changes nothing; the first one that does without a key ends that key."""
    issuer = Issuer([named("a"), named("b")])
    kept = issuer.kept()
    await found(kept, "a")
    issuer.keys, issuer.now = None, 86_400.0
    for _ in range(3):
        assert await found(kept, "a") == "RSA"
        await asyncio.sleep(0.01)
    assert issuer.asked == 2
    issuer.keys, issuer.now = [named("b")], issuer.now + 3
    await found(kept, "b")
    await asyncio.sleep(0.01)
    assert [await found(kept, "b"), await found(kept, "a")] == ["RSA", None]
    assert kept.changes == 2


async def test_without_any_key_nobody_can_tell() -> None:
    """While the issuer was never reached a token is neither good nor bad, and it is asked again after a pause alone."""
    issuer = Issuer(None)
    kept = issuer.kept()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await kept.key("a", "RS256")
    assert issuer.asked == 1
    issuer.keys, issuer.now = [named("a")], 2.0
    assert await found(kept, "a") == "RSA"
