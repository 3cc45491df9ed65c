"""Access tokens of an outside issuer: who it vouches for, and which member of which company that is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import jwt

from quotaloom.credentials.links import confirm_link, linked_members
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.settings import Settings
from quotaloom.platform.texts import is_storable
from quotaloom.platform.tokens import Grant, GrantKind, Identity
from quotaloom_server.clock import utc_now
from quotaloom_server.outside_keys import ALGORITHMS, OutsideKeys
from quotaloom_server.provider import Provider

LEEWAY: Final = 30
"""Seconds by which the issuer's clock and ours may differ."""

LONGEST: Final = 16_384
"""How many characters a token may have. No setting: it is several times what providers make, and half of a head."""

MOST_TOKENS: Final = 1_000
"""How many good tokens a process knows by heart; the oldest is forgotten first."""

COMPANY: Final = "quotaloom-company"
"""The header that names the company of whoever belongs to several."""

NOT_VALID: Final = "the token is not valid here"

_SIGNED: Final = frozenset(ALGORITHMS.values())


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a good token names, until when, and the company that it names where one is looked for."""

    subject: str
    expires_at: datetime
    credential: str
    company: str | None


class OutsideTokens:
    """Checks the tokens of one issuer."""

    def __init__(
        self, database: Database, issuer: str, audience: str, keys: OutsideKeys, company_claim: str | None = None
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._company_claim = company_claim
        self._good: dict[str, Vouched] = {}
        self._identities: dict[tuple[str, str | None], Identity] = {}
        self._of_keys = keys.changes

    def could_be(self, token: str) -> bool:
        """Whether a token is signed as an outside one is: ours never are."""
        return _header(token).get("alg") in _SIGNED

    async def identify(self, token: str, company: Any = None) -> Identity:
        """Whom a token names, in the company of this key if one is named.

        Raises `Unauthenticated`, and `Unavailable` where the keys or the database are away.
        """
        named = company if isinstance(company, str) else None
        vouched = await self._vouched(token)
        identity = self._identities.get((token, named))
        if identity is None:
            identity = await member_vouched_for(self._database, self._issuer, vouched, named)
            self._identities[token, named] = identity
        return identity

    def forget(self, identity: Identity) -> None:
        """Look up afresh who somebody is: his link is gone, and there may be another one."""
        self._identities = {key: one for key, one in self._identities.items() if one != identity}

    async def _vouched(self, token: str) -> Vouched:
        if self._of_keys != self._keys.changes or len(self._identities) >= 2 * MOST_TOKENS:
            self._good.clear()
            self._identities.clear()
            self._of_keys = self._keys.changes
        known = self._good.get(token)
        if known is not None and time.time() < known.expires_at.timestamp() + LEEWAY:
            await self._keys.key(_header(token).get("kid"), _header(token)["alg"])  # it may be time for fresh ones
            return known
        vouched = await self._checked(token)
        if len(self._good) >= MOST_TOKENS:
            del self._good[next(iter(self._good))]
        self._good[token] = vouched
        return vouched

    async def _checked(self, token: str) -> Vouched:
        return vouched_for(token, await verified(token, self._keys, self._issuer, self._audience), self._company_claim)


async def verified(token: str, keys: OutsideKeys, issuer: str, audience: str) -> Mapping[str, Any]:
    """The claims of a token that an issuer made for an audience; raises as `OutsideTokens.identify` does."""
    header = _header(token)
    kid = header.get("kid")
    if header.get("alg") not in _SIGNED or "crit" in header or not isinstance(kid, str | None):
        raise Unauthenticated(NOT_VALID)
    key = await keys.key(kid, header["alg"])
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm_name],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("the token has expired; ask for a new one") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise Unauthenticated(NOT_VALID) from None
    return claims


def vouched_for(token: str, claims: Mapping[str, Any], company_claim: str | None) -> Vouched:
    """What verified claims say of whom; raises `Unauthenticated` where nobody can be looked up by them."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject or not subject.isprintable():
        raise Unauthenticated(NOT_VALID)
    try:
        ends = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthenticated(NOT_VALID) from None
    company = None if company_claim is None else str(claims.get(company_claim, ""))
    number = str(claims.get("jti") or sha256(token.encode()).hexdigest())
    if not is_storable(number):
        raise Unauthenticated(NOT_VALID)
    return Vouched(subject, ends, f"outside {number[:32]}", company)


async def member_vouched_for(database: Database, issuer: str, vouched: Vouched, named: str | None) -> Identity:
    """The member that a subject is linked to, of the company that is named; where none is, of the only one.

    Among several it is the only one by whose link he ever came in: whoever links him elsewhere, without his knowing,
    does not shut him out here. Raises `Unauthenticated` where he is linked in none, or came in to several.
    """
    stranger = Identity(0, vouched.subject[:200], Role.MEMBER, credential=vouched.credential)
    rows = await linked_members(database, issuer, vouched.subject)
    for company in (vouched.company, named):
        rows = rows if company is None else [row for row in rows if row["company_key"] == company]
    if not rows:
        message = f"no member here is linked to this sign-in; ask an admin to link {vouched.subject[:100]!r}"
        raise Unauthenticated(message, stranger)
    if len(rows) > 1:
        rows = [row for row in rows if row["is_confirmed"]]
    if len(rows) != 1:
        message = "this sign-in is linked to several companies: name one in the header Quotaloom-Company"
        raise Unauthenticated(message, stranger)
    (row,) = rows
    if not row["is_confirmed"]:
        await confirm_link(database, row["company_id"], row["link_id"], utc_now())
    return Identity(
        row["company_id"],
        row["member_key"],
        Role.MEMBER,
        row["member_id"],
        expires_at=vouched.expires_at,
        credential=vouched.credential,
        grant=Grant(GrantKind.LINK, row["link_id"]),
    )


def outside_tokens(settings: Settings, database: Database, provider: Provider | None) -> OutsideTokens | None:
    """What checks outside tokens, where the settings say whose and for whom."""
    if provider is None or settings.oidc_audience is None:
        return None
    audience, claim = settings.oidc_audience, settings.oidc_company_claim
    return OutsideTokens(database, provider.issuer, audience, provider.keys, claim)


def _header(token: str) -> Mapping[str, Any]:
    """What a token says of its signature, unchecked; nothing where it is no token, or one that says no algorithm."""
    if len(token) > LONGEST:
        return {}
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
        return {}
    return header if isinstance(header.get("alg"), str) else {}
