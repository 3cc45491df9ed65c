"""The authorization code flow of OpenID Connect, with PKCE: off to the provider, and what a browser comes back with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import compare_digest
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped] # it ships no types
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped] # it ships no types

from quotaloom.platform.errors import Unauthenticated, Unavailable
from quotaloom_server.outside_tokens import Vouched, verified, vouched_for
from quotaloom_server.provider import SECONDS, Provider, trusted
from quotaloom_server.signing_in.cookies import BACK, Flow

SCOPE: Final = "openid"
"""All that is asked of the provider: who it is."""


@dataclass(frozen=True, slots=True)
class OpenID:
    """This server as the provider knows it."""

    provider: Provider
    client_id: str
    client_secret: str | None
    public_url: str
    company_claim: str | None = None

    async def address(self, flow: Flow) -> str:
        """Where the browser signs in; raises `Unavailable`."""
        metadata = await self.provider.metadata()
        async with self._http() as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=flow.state, code_verifier=flow.verifier, nonce=flow.nonce
            )
        return str(url)

    async def vouched(self, flow: Flow, came_with: Mapping[str, str]) -> Vouched:
        """Whom the provider vouches for, to a browser that came back with these parameters.

        Raises `Unauthenticated`, which says why, and `Unavailable` where the provider does not answer.
        """
        metadata = await self.provider.metadata()
        issuer = came_with.get("iss")
        if (metadata.tells_issuer or issuer is not None) and issuer != metadata.issuer:
            raise Unauthenticated("another provider sent you here; begin again")
        if "error" in came_with or not came_with.get("code"):
            raise Unauthenticated(f"the provider did not let you in: {came_with.get('error', 'no code')[:60]}")
        token = await self._token(metadata.token_endpoint, came_with["code"], flow.verifier)
        claims = await verified(token, self.provider.keys, metadata.issuer, self.client_id)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self.client_id) != self.client_id or (len(audiences) > 1 and "azp" not in claims):
            raise Unauthenticated("the provider answered another one's question")
        if not compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), flow.nonce.encode()):
            raise Unauthenticated("the provider answered another question; begin again")
        return vouched_for(token, claims, self.company_claim)

    async def sign_out_address(self) -> str | None:
        """Where the browser signs out at the provider as well; None where that cannot be done, or told at present."""
        try:
            place = (await self.provider.metadata()).end_session_endpoint
        except Unavailable:
            return None
        if place is None:
            return None
        told = urlencode({"client_id": self.client_id, "post_logout_redirect_uri": f"{self.public_url}/"})
        return f"{place}{'&' if '?' in place else '?'}{told}"

    def _http(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method="none" if self.client_secret is None else "client_secret_basic",
            scope=SCOPE,
            redirect_uri=f"{self.public_url}{BACK}",
            code_challenge_method="S256",
            timeout=SECONDS,
            verify=trusted(),
        )

    async def _token(self, endpoint: str, code: str, verifier: str) -> str:
        """The ID token for a code."""
        try:
            async with asyncio.timeout(SECONDS), self._http() as client:
                answer: Mapping[str, Any] = await client.fetch_token(endpoint, code=code, code_verifier=verifier)
        except AuthlibBaseError as error:
            raise Unauthenticated(f"the provider did not let you in: {str(error.error)[:60]}") from None
        except (TimeoutError, httpx2.HTTPError, ValueError) as error:
            raise Unavailable(f"the provider does not answer: {type(error).__name__}") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unauthenticated("the provider does not say who you are")
        return token
