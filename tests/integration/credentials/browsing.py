"""A browser that signs in at a real OpenID provider, a process of its own beside the test."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
from benchmarks.npm import node, scripts

from tests.integration.server.processes import free_port

PROJECT: Final = Path(__file__).with_name("openid_provider")
HERE: Final = "https://quotaloom.test"
SECONDS: Final = 30.0

PAGE: Final = "page"
"""What the provider calls a page of somebody else's."""

PAGES_WAY_BACK: Final = "https://page.test/back"


@dataclass(frozen=True)
class RunningProvider:
    """Where it is, and what a server is told of it."""

    url: str

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a server that is its client."""
        return {
            "oidc_issuer": self.url,
            "oidc_client_id": "quotaloom",
            "oidc_client_secret": "a secret of the test",
            "public_url": HERE,
        }


@dataclass(frozen=True)
class Tokens:
    """What a provider gives a page: an access token for an API, and one that tells the page who signed in."""

    access: str
    id: str


@asynccontextmanager
async def providing(url: str | None = None) -> AsyncIterator[RunningProvider]:
    """npm's `oidc-provider`, ready, with a new key; raises `NoNetwork` where it cannot be downloaded.

    It is where an earlier one was, or somewhere else.
    """
    url = url or f"http://127.0.0.1:{free_port()}"
    with scripts(PROJECT) as folder:
        process = await asyncio.create_subprocess_exec(
            node(),
            folder / "provider.mjs",
            url,
            f"{HERE}/sign-in/callback",
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            while b"ready" not in (line := await asyncio.wait_for(process.stdout.readline(), SECONDS)):
                assert line, "the provider has ended"
            yield RunningProvider(url)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


class Browser:
    """Follows redirects between our server, which runs in the test, and the provider, and keeps the cookies of both."""

    def __init__(self, ours: httpx.AsyncClient) -> None:
        self._ours = ours
        self._others = httpx.AsyncClient(timeout=SECONDS, trust_env=False)

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._others.aclose()

    async def get(self, url: str, until: str = "no such place") -> httpx.Response:
        """Go somewhere, and on until a redirect leads to a place that begins so, or there is none."""
        response = await self._client(url).get(url)
        while response.is_redirect and not self._target(response).startswith(until):
            url = self._target(response)
            response = await self._client(url).get(url)
        return response

    async def sign_in(self, subject: str, until: str = f"{HERE}/sign-in/callback", **wanted: str) -> str:
        """Begin at our server, sign in at the provider and agree to it: where that leads back to."""
        response = await self._ours.get(f"{HERE}/sign-in", params=wanted)
        assert response.status_code == 302, response.text
        return await self._agree(self._target(response), subject, until)

    async def tokens(self, provider: RunningProvider, subject: str, resource: str) -> Tokens:
        """Sign in at the provider for a page of somebody else's, which asks for tokens for a resource."""
        verifier = token_urlsafe(48)
        wanted = {
            "client_id": PAGE,
            "response_type": "code",
            "redirect_uri": PAGES_WAY_BACK,
            "scope": "openid api",
            "resource": resource,
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        back = await self._agree(f"{provider.url}/auth?{urlencode(wanted)}", subject, PAGES_WAY_BACK)
        code = {"code": parse_qs(urlsplit(back).query)["code"][0], "code_verifier": verifier}
        asked = {"grant_type": "authorization_code", "client_id": PAGE, "redirect_uri": PAGES_WAY_BACK, **code}
        answer = await self._others.post(f"{provider.url}/token", data=asked)
        assert answer.status_code == 200, answer.text
        return Tokens(answer.json()["access_token"], answer.json()["id_token"])

    async def _agree(self, url: str, subject: str, until: str) -> str:
        response = await self.get(url, until)
        while not response.is_redirect:
            response = await self._fill_in(response, subject, until)
        return self._target(response)

    async def ask(self, what: str, origin: str | None = HERE) -> httpx.Response:
        """What a page does: `token` or `end`."""
        headers = {} if origin is None else {"origin": origin}
        return await self._ours.post(f"{HERE}/sign-in/{what}", headers=headers)

    async def _fill_in(self, page: httpx.Response, subject: str, until: str) -> httpx.Response:
        form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
        assert form is not None, page.text
        assert prompt is not None, page.text
        filled: dict[str, Any] = {"prompt": prompt[1], "login": subject, "password": "any"}
        response = await self._others.post(urljoin(str(page.url), unescape(form[1])), data=filled)
        return (
            await self.get(self._target(response), until) if not self._target(response).startswith(until) else response
        )

    def _client(self, url: str) -> httpx.AsyncClient:
        return self._ours if url.startswith(HERE) else self._others

    @staticmethod
    def _target(response: httpx.Response) -> str:
        return urljoin(str(response.url), response.headers["location"])
