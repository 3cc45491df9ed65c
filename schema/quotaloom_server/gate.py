"""The gate that every request comes through: who comes, by which token, and a note of whoever is turned away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from quotaloom.credentials.key_texts import BEGINNING
from quotaloom.credentials.known_keys import KnownKeys
from quotaloom.platform.access import Role
from quotaloom.platform.errors import AccessDenied, NoToken, Unauthenticated, Unavailable
from quotaloom.platform.refused_access import Refusal, RefusedAccess
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import Told
from quotaloom_server.busy import Busy
from quotaloom_server.outside_tokens import COMPANY, OutsideTokens
from quotaloom_server.withdrawals import Withdrawals

Bearer = Identity | Unauthenticated | Unavailable
"""Whoever comes with a request: whom his token names, or what is wrong with it, which the first field tells him."""

NOBODY: Final = Identity(0, "nobody", Role.MEMBER)
"""Who stands in the server's log where a token is no good at all."""


@dataclass(frozen=True, slots=True)
class Gate:
    """All that says who may come in, and that cuts off whoever may not stay."""

    services: Callable[[], Services]
    authority: TokenAuthority
    keys: KnownKeys
    outside: OutsideTokens | None
    refused: RefusedAccess
    withdrawals: Withdrawals
    busy: Busy

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let requests in while the block runs."""
        async with self.refused, self.keys, self.withdrawals:
            yield

    async def identify(self, authorization: str | None, headers: Mapping[str, Any]) -> Bearer:
        """Whom an `Authorization` header names; `headers` are those of its request, by their names in lower case."""
        known = self.authority.known(authorization)
        if known is not None:
            return known
        try:
            token = _bearer_token(authorization)
            if token.startswith(BEGINNING):
                return await self.keys.identify(token)
            if self.outside is not None and self.outside.could_be(token):
                return await self.outside.identify(token, headers.get(COMPANY))
            return self.authority.authenticate(authorization)
        except (Unauthenticated, Unavailable) as error:
            return error

    async def knows(self, headers: Mapping[str, Any]) -> bool:
        """Whether a request comes with a token that is good, or that cannot be looked up at the moment."""
        return not isinstance(await self.identify(headers.get("authorization"), headers), Unauthenticated)

    async def note(self, bearer: Bearer, errors: Iterable[Told]) -> None:
        """Note what of these errors, each with its place, is access refused; see `RefusedAccess.note`."""
        refusals = [
            Refusal(place, str(error.extensions["code"]), str(error), named)
            for place, error, named in errors
            if isinstance(error, (AccessDenied, Unauthenticated)) and not isinstance(error, NoToken)
        ]
        if not refusals:
            return
        unknown = any(one.code == Unauthenticated.extensions["code"] for one in refusals)
        if unknown and self.outside is not None and isinstance(bearer, Identity):
            self.outside.forget(bearer)
        await self.refused.note(_whoever(bearer), refusals)


def _bearer_token(authorization: str | None) -> str:
    """What stands behind `Bearer`; nothing where there is no such thing."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _whoever(bearer: Bearer) -> Identity:
    if isinstance(bearer, Unauthenticated) and isinstance(bearer.bearer, Identity):
        return bearer.bearer
    return bearer if isinstance(bearer, Identity) else NOBODY
