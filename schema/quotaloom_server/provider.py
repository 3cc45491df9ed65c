"""An OpenID provider as it describes itself, asked over HTTPS: seldom, briefly, and not believed blindly."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from quotaloom.platform.errors import Unavailable
from quotaloom.platform.settings import Settings
from quotaloom_server.outside_keys import OutsideKeys

SECONDS: Final = 5.0
"""How long the provider may take to answer."""

PAUSE: Final = 2.0
"""Seconds after a question that was not answered in which no other is asked."""

LARGEST: Final = 256 * 1024
"""How many bytes of an answer are read."""

_PLACES: Final = ("jwks_uri", "authorization_endpoint", "token_endpoint")

METADATA: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider does what."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    tells_issuer: bool = False
    """Whether what comes back from signing in names the issuer (RFC 9207)."""


class Provider:
    """The provider that the settings name, and its keys. Use it as an async context. `seconds` never go back."""

    def __init__(self, issuer: str, jwks_url: str | None, seconds: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._jwks_url = jwks_url
        self._metadata: Metadata | None = None
        self._asking = asyncio.Lock()
        self._not_before = 0.0
        self._seconds = seconds
        self.keys = OutsideKeys(self._fetched_keys, seconds)

    async def __aenter__(self) -> Provider:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.keys.close()

    async def metadata(self) -> Metadata:
        """What the provider says of itself; asked once, or again after a pause. Raises `Unavailable`."""
        async with self._asking:
            if self._metadata is None:
                if self._seconds() < self._not_before:
                    raise Unavailable(f"the provider at {self.issuer} does not answer; please try again")
                self._not_before = self._seconds() + PAUSE
                self._metadata = _read(await fetched(f"{self.issuer.rstrip('/')}{METADATA}"), self.issuer)
            return self._metadata

    async def _fetched_keys(self) -> Any:
        return await fetched(self._jwks_url or (await self.metadata()).jwks_uri)


def provider_of(settings: Settings) -> Provider | None:
    """The provider of this installation, if there is one."""
    return None if settings.oidc_issuer is None else Provider(settings.oidc_issuer, settings.oidc_jwks_url)


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed; reading them takes as long as a thousand requests, so it is done once."""
    return httpx2.create_ssl_context()


async def fetched(url: str) -> Any:
    """What is found at an address, as parsed JSON; no other address is followed. Raises `Unavailable`."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx2.AsyncClient(timeout=SECONDS, verify=trusted()) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as response,
        ):
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise Unavailable(f"{url} answers with more than {LARGEST} bytes")
            if response.status_code != 200:
                raise Unavailable(f"{url} answers {response.status_code}")
            return json.loads(content)
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
        raise Unavailable(f"{url} cannot be read: {str(error) or type(error).__name__}") from None


def _read(document: Any, issuer: str) -> Metadata:
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        told = document.get("issuer") if isinstance(document, dict) else None
        raise Unavailable(
            f"the provider at {issuer} calls itself {str(told)[:200]!r}, not as QUOTALOOM_OIDC_ISSUER does"
        )
    jwks, authorizing, tokens = (document.get(name) for name in _PLACES)
    ending = document.get("end_session_endpoint")
    if not all(_is_as_safe(place, issuer) for place in (jwks, authorizing, tokens)):
        raise Unavailable(f"the provider at {issuer} does not say where its keys and endpoints are")
    return Metadata(
        issuer,
        str(jwks),
        str(authorizing),
        str(tokens),
        str(ending) if _is_as_safe(ending, issuer) else None,
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_as_safe(url: Any, issuer: str) -> bool:
    return isinstance(url, str) and urlsplit(url).scheme in {"https", urlsplit(issuer).scheme}
