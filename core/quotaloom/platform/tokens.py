"""Bearer tokens: signed by this installation, for one company, for a limited time."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import jwt

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.errors import InputError, NoToken, Unauthenticated
from quotaloom.platform.texts import is_storable

ALGORITHM = "HS256"
"""The one algorithm that is accepted: a token never chooses how it is checked."""

MOST_TOKENS = 1_000
"""How many good tokens a process knows by heart; the oldest is forgotten first."""

MOST_BYTES = 2_000
"""How long a token may be to be known by heart; ours have some 400 bytes."""

_NO_IDENTITY = (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError)
"""What reading a token raises that is none, or names nobody, such as one that ends beyond all calendars."""

_REQUIRED = ["exp", "iat", "aud", "iss", "sub", "company", "role"]


class GrantKind(StrEnum):
    """What lets somebody in and may be withdrawn."""

    KEY = "key"
    LINK = "link"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Grant:
    """The row that lets somebody in: while it stands, and no longer; asked of the database by every request."""

    kind: GrantKind
    id: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token names: a member of a company, a service with scopes, or the operator of the installation.

    An operator's `company_id` is 0. `expires_at` is when the token that named it ends; None where none did.
    `credential` tells that token in the audit record and in logs. Whom a `grant` let in, it lets in no more once it is
    withdrawn.
    """

    company_id: int
    subject: str
    role: Role
    member_id: int | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = field(default=None, compare=False)
    credential: str | None = field(default=None, compare=False)
    grant: Grant | None = None
    payer: tuple[int, int | Grant | str] = field(init=False, compare=False, repr=False)
    """Who it is that asks, by whatever token: a member, an API key, or a service by its name.

    What somebody may take is counted by it: whoever has a new token every few minutes has no more for it.
    """
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what each request asks for."""
        object.__setattr__(self, "payer", (self.company_id, self.member_id or self.grant or self.subject))
        told = (self.company_id, self.subject, self.role, self.member_id, self.scopes, self.grant)
        object.__setattr__(self, "_hash", hash(told))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class TokenAuthority:
    """Issues and checks tokens with one signing key."""

    key: bytes
    audience: str
    issuer: str
    _good: dict[str, tuple[Identity, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def issue(self, identity: Identity, now: datetime, lifetime: timedelta) -> str:
        """A token for `identity`, valid from `now` for `lifetime`; raises `InputError` for an unknown scope.

        Of what lets somebody in, it names a session alone: keys and links are no matter of our own tokens.
        """
        unknown = identity.scopes - {scope.value for scope in Scope}
        if unknown:
            allowed = ", ".join(scope.value for scope in Scope)
            raise InputError("UNKNOWN_SCOPE", f"{', '.join(sorted(unknown))}: the scopes are {allowed}", ("scopes",))
        claims = {
            "sub": identity.subject,
            "company": identity.company_id,
            "role": identity.role.value,
            "member": identity.member_id,
            "scope": " ".join(sorted(identity.scopes)),
            "session": _session_of(identity),
            "aud": self.audience,
            "iss": self.issuer,
            "iat": now,
            "exp": now + lifetime,
            "jti": uuid4().hex,
        }
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, self.key, ALGORITHM)

    def known(self, authorization: str | None) -> Identity | None:
        """Whom the `Authorization` header names, where it was good before and still is."""
        good = self._good.get(authorization) if authorization is not None else None
        if good is None or authorization is None:
            return None
        identity, ends_at = good
        if time.time() < ends_at:
            return identity
        del self._good[authorization]
        return None

    def authenticate(self, authorization: str | None) -> Identity:
        """Whom the `Authorization` header names; raises `Unauthenticated`, which says what is wrong."""
        identity = self.known(authorization)
        if identity is not None:
            return identity
        if not authorization:
            raise NoToken("send an Authorization header with a bearer token")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("the Authorization header reads `Bearer <token>`")
        try:
            identity = _identity(self._claims(token.strip()))
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired; ask for a new one", self._bearer_of(token.strip())) from None
        except _NO_IDENTITY:
            raise Unauthenticated("the token is not valid here") from None
        self._remember(authorization, identity)
        return identity

    def _claims(self, token: str, *, still_good: bool = True) -> dict[str, object]:
        claims: dict[str, object] = jwt.decode(
            token,
            self.key,
            algorithms=[ALGORITHM],
            audience=self.audience,
            issuer=self.issuer,
            options={"require": _REQUIRED, "verify_exp": still_good},
        )
        return claims

    def _bearer_of(self, token: str) -> Identity | None:
        """Whom a token named while it was good: our key signed it."""
        with suppress(*_NO_IDENTITY):
            return _identity(self._claims(token, still_good=False))
        return None

    def _remember(self, authorization: str, identity: Identity) -> None:
        """Keep whom a good token names, for as long as it is good: nothing else is ever said of a token here.

        Whether its bearer still belongs to the company is asked of the database, by every request.
        """
        if len(authorization) <= MOST_BYTES and identity.expires_at is not None:
            if len(self._good) >= MOST_TOKENS:
                del self._good[next(iter(self._good))]
            self._good[authorization] = identity, int(identity.expires_at.timestamp())


def _session_of(identity: Identity) -> int | None:
    grant = identity.grant
    return grant.id if grant is not None and grant.kind is GrantKind.SESSION else None


def _identity(claims: dict[str, object]) -> Identity:
    role, company, member = Role(str(claims["role"])), _number(claims, "company"), _number(claims, "member")
    if role in (Role.ADMIN, Role.MEMBER) and member is None:
        raise ValueError("a member's token names the member")
    if company is None:
        raise ValueError("a token names a company by number")
    subject, number = str(claims["sub"]), str(claims.get("jti", ""))
    if not (is_storable(subject) and is_storable(number)):
        raise ValueError("what a token says of its bearer can be written down")
    session = _number(claims, "session")
    scopes: Iterable[str] = str(claims.get("scope", "")).split()
    return Identity(
        company,
        subject,
        role,
        member,
        frozenset(scopes),
        datetime.fromtimestamp(float(str(claims["exp"])), UTC),
        f"token {number[:12]}",
        None if session is None else Grant(GrantKind.SESSION, session),
    )


def _number(claims: dict[str, object], name: str) -> int | None:
    """The number of a row, or None where the claim holds none that a row can have."""
    found = claims.get(name)
    return found if isinstance(found, int) and 0 <= found < 1 << 63 else None


def signing_key(path: Path) -> bytes:
    """The installation's signing key, made on first use and readable by its owner only.

    Two processes that start at once agree on one key. Raises what `read_signing_key` raises, save FileNotFoundError.
    """
    with suppress(FileNotFoundError):
        return read_signing_key(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    return read_signing_key(path)


def read_signing_key(path: Path) -> bytes:
    """The signing key in a file; raises OSError where it cannot be read, RuntimeError where it is too short."""
    key = path.read_bytes().strip()
    if len(key) < 32:
        raise RuntimeError(f"the signing key {path} has {len(key)} characters; 32 is the least")
    return key
