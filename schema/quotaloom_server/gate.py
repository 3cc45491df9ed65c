"""The gate that every request comes through: who comes, by which token, and a note of whoever is turned away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from quotaloom.platform.access import Role
from quotaloom.platform.errors import AccessDenied, NoToken, Unauthenticated
from quotaloom.platform.refused_access import Refusal, RefusedAccess
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom_graphql.context import Services

Bearer = Identity | Unauthenticated
"""Whoever comes with a request: whom his token names, or what is wrong with it, which the first field tells him."""

NOBODY: Final = Identity(0, "nobody", Role.MEMBER)
"""Who stands in the server's log where a token is no good at all."""


@dataclass(frozen=True, slots=True)
class Gate:
    """All that says who may come in."""

    services: Callable[[], Services]
    authority: TokenAuthority
    refused: RefusedAccess

    async def identify(self, authorization: str | None) -> Bearer:
        """Whom an `Authorization` header names."""
        try:
            return self.authority.authenticate(authorization)
        except Unauthenticated as error:
            return error

    async def note(self, bearer: Bearer, errors: Iterable[tuple[str, Exception | None]]) -> None:
        """Note what of these errors, each with its place, is access refused; see `RefusedAccess.note`."""
        refusals = [
            Refusal(place, str(error.extensions["code"]), str(error))
            for place, error in errors
            if isinstance(error, (AccessDenied, Unauthenticated)) and not isinstance(error, NoToken)
        ]
        if refusals:
            await self.refused.note(_whoever(bearer), refusals)


def _whoever(bearer: Bearer) -> Identity:
    if isinstance(bearer, Identity):
        return bearer
    return bearer.bearer if isinstance(bearer.bearer, Identity) else NOBODY
