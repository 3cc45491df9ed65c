"""The public keys of an outside issuer: fetched when they are needed, seldom, and kept while the issuer is away.

An issuer changes its keys whenever it likes: a token by a key that is not known has the keys fetched, unless that was
in vain a moment ago. So a new key works within that moment, and a flood of tokens by invented keys makes no flood of
fetches. The moment never grows: anybody can invent the name of a key, or guess that of the next one, and nobody shall
keep others waiting so. What does grow is the pause after fetches that failed. Keys that the issuer no longer has are
forgotten with the next fetch, which comes by itself too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from quotaloom.platform.errors import Unauthenticated, Unavailable

ALGORITHMS: Final[Mapping[tuple[str, str | None], str]] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""How an outside token may be signed, by the kind and curve of the key: nothing that a shared secret checks."""

FRESH_SECONDS: Final = 600.0
"""For how long fetched keys are not asked for again while no other is wanted."""

FLOOR_SECONDS: Final = 5.0
"""Seconds after a fetch that brought no wanted key in which no other is tried, whatever keys tokens name."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds after a fetch that failed in which no other is tried: doubled each time, until one succeeds."""

LEAST_BITS: Final = 2048
"""How long an RSA key is at least."""

MOST_KEYS: Final = 100
"""How many keys of an issuer are looked at."""

Keys = Mapping[str | None, PyJWK]
Fetch = Callable[[], Awaitable[Any]]
"""Fetches the set of keys (RFC 7517) as parsed JSON; raises `Unavailable`."""

_log = logging.getLogger(__name__)


class OutsideKeys:
    """The keys of one issuer, in one process. `changes` counts how often they were other ones than before."""

    def __init__(self, fetch: Fetch, seconds: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._keys: dict[str | None, PyJWK] = {}
        self._thumbs: frozenset[Any] = frozenset()
        self._fetching: asyncio.Task[bool] | None = None
        self._fetched_at: float | None = None
        self._not_before = 0.0
        self._pause = FIRST_PAUSE
        self.changes = 0

    async def key(self, kid: str | None, algorithm: str) -> PyJWK:
        """The key by which a token says that it is signed.

        Raises `Unauthenticated` where the issuer has none such, or none for that algorithm, and `Unavailable` where no
        keys were ever fetched.
        """
        if kid in self._keys:
            self._refresh()
        else:
            await self._look_for(kid)
        found = self._keys.get(kid)
        if found is None:
            if self._fetched_at is None:
                raise Unavailable("the keys of the issuer of this token cannot be fetched; please try again")
            raise Unauthenticated("the token is signed by no key that its issuer has")
        if found.algorithm_name != algorithm:
            raise Unauthenticated("the token is not signed as its issuer signs with that key")
        return found

    async def close(self) -> None:
        """Give up what is being fetched."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _refresh(self) -> None:
        """Have keys that are old fetched again, without waiting for it."""
        now = self._seconds()
        old = self._fetched_at is None or now - self._fetched_at >= FRESH_SECONDS
        if old and now >= self._not_before:
            self._begin()

    async def _look_for(self, kid: str | None) -> None:
        if self._fetching is None and self._seconds() < self._not_before:
            return
        fetched = await asyncio.shield(self._fetching or self._begin())
        if fetched and kid not in self._keys and self._seconds() >= self._not_before:
            self._not_before = self._seconds() + FLOOR_SECONDS

    def _begin(self) -> asyncio.Task[bool]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_all())
            self._fetching.add_done_callback(self._fetched)
        return self._fetching

    def _fetched(self, _: object) -> None:
        self._fetching = None

    async def _fetch_all(self) -> bool:
        """Take the keys that the issuer has now; those before stay where that fails."""
        try:
            self._take(usable_keys(await self._fetch()))
        except Unavailable as error:
            _log.warning("the keys of an outside issuer could not be fetched: %s", error)
            self._not_before = self._seconds() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            return False
        self._pause = FIRST_PAUSE
        self._fetched_at = self._seconds()
        return True

    def _take(self, keys: dict[str | None, PyJWK]) -> None:
        thumbs = frozenset((kid, str(sorted(key._jwk_data.items()))) for kid, key in keys.items())
        if thumbs != self._thumbs:
            self._keys, self._thumbs = keys, thumbs
            self.changes += 1


def usable_keys(document: Any) -> dict[str | None, PyJWK]:
    """The keys of a set that may check a signature, by their names; one without a name where it is the only one.

    Left out is what is no public key of `ALGORITHMS`, is meant for something else than signatures, or is too short.
    Raises `Unavailable` for what is no set of keys.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Unavailable("what the issuer sent is no set of keys")
    found: dict[str | None, PyJWK] = {}
    for one in listed[:MOST_KEYS]:
        key = _usable(one)
        if key is not None:
            found.setdefault(key.key_id, key)
    if len(found) == 1:
        found.setdefault(None, next(iter(found.values())))  # a token need not say which
    elif None in found:
        del found[None]
    return found


def _usable(one: Any) -> PyJWK | None:
    if not isinstance(one, dict) or one.get("use", "sig") != "sig" or "d" in one:
        return None
    operations = one.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    kind, curve, kid = one.get("kty"), one.get("crv"), one.get("kid")
    if not isinstance(kind, str) or not isinstance(curve, str | None) or not isinstance(kid, str | None):
        return None
    algorithm = ALGORITHMS.get((kind, curve))
    if algorithm is None or one.get("alg", algorithm) != algorithm:
        return None
    try:
        key = PyJWK(one, algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    return None if isinstance(key.key, RSAPublicKey) and key.key.key_size < LEAST_BITS else key
