"""The two cookies of signing in. Neither is ever looked at by the graph.

One holds what a sign-in under way began with, for ten minutes, and goes to the address alone at which browsers come
back. The other holds the session, goes to `/sign-in` alone, and only with requests that a page of the same site makes.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from starlette.requests import Request
from starlette.responses import Response

from quotaloom.credentials.sessions import SessionText, read_session
from quotaloom.platform.tokens import ALGORITHM

PLACE: Final = "/sign-in"
BACK: Final = f"{PLACE}/callback"
"""Where the provider sends browsers back to."""

SESSION: Final = "__Secure-quotaloom-session"
UNDER_WAY: Final = timedelta(minutes=10)
"""For how long a sign-in may be under way."""

_FLOW: Final = "__Secure-quotaloom-flow-"
_AUDIENCE: Final = "quotaloom:sign-in"


@dataclass(frozen=True, slots=True)
class Flow:
    """What a sign-in began with: three secrets, where the browser goes afterwards, and the company if one was named."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    company: str | None = None

    @property
    def cookie(self) -> str:
        """The name of its cookie: several may be under way."""
        return f"{_FLOW}{self.state[:8]}"


def new_flow(return_to: str, company: str | None) -> Flow:
    """A sign-in that begins."""
    return Flow(secrets.token_hex(32), secrets.token_hex(32), secrets.token_urlsafe(64), return_to, company)


def keep_flow(response: Response, flow: Flow, key: bytes, now: datetime) -> None:
    """Give the browser what it brings along when it comes back; nobody else can make one."""
    claims = {name: value for name, value in asdict(flow).items() if value is not None}
    signed = jwt.encode({**claims, "aud": _AUDIENCE, "exp": now + UNDER_WAY}, key, ALGORITHM)
    age = int(UNDER_WAY.total_seconds())
    response.set_cookie(flow.cookie, signed, age, path=BACK, secure=True, httponly=True, samesite="lax")


def flow_of(request: Request, state: str, key: bytes) -> Flow | None:
    """The sign-in that a browser began with this state; None where it is over, or was begun in another browser."""
    signed = request.cookies.get(f"{_FLOW}{state[:8]}", "")
    try:
        claims: dict[str, Any] = jwt.decode(
            signed, key, algorithms=[ALGORITHM], audience=_AUDIENCE, options={"require": ["exp"]}
        )
    except jwt.InvalidTokenError:
        return None
    given: dict[str, Any] = {one.name: claims.get(one.name) for one in fields(Flow)}
    flow = Flow(**given)
    return flow if secrets.compare_digest(flow.state.encode(), state.encode()) else None


def forget_flow(response: Response, flow: Flow) -> None:
    """A state serves a browser once; that a code does, wherever it comes from, is the provider's to see to."""
    response.delete_cookie(flow.cookie, path=BACK, secure=True, httponly=True, samesite="lax")


def keep_session(response: Response, session: SessionText, lifetime: timedelta) -> None:
    """Give the browser its session: no script reads it, and no page of another site has it sent."""
    age = int(lifetime.total_seconds())
    response.set_cookie(SESSION, session.text, age, path=PLACE, secure=True, httponly=True, samesite="strict")


def session_in(request: Request) -> SessionText | None:
    """The session that a browser brings along."""
    return read_session(request.cookies.get(SESSION, ""))


def forget_session(response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(SESSION, path=PLACE, secure=True, httponly=True, samesite="strict")
