"""`/sign-in`: a browser goes off to the provider, comes back with a session, and has short tokens for it.

The graph takes no cookie. A page gets a token by `POST /sign-in/token`, which looks at the cookie and at the page's
origin, and sends it as it would send any other. So no page of another site can do anything with somebody's session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from quotaloom.credentials.sessions import begin_session, end_session, member_of_session
from quotaloom.organizations.opening import open_request
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, Unauthenticated, Unavailable
from quotaloom.platform.settings import Settings
from quotaloom.platform.texts import checked_text
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.errors import Told
from quotaloom_server.clock import Clock, utc_now
from quotaloom_server.gate import Gate
from quotaloom_server.outside_tokens import member_vouched_for
from quotaloom_server.provider import Provider
from quotaloom_server.signing_in.cookies import (
    BACK,
    PLACE,
    flow_of,
    forget_flow,
    forget_session,
    keep_flow,
    keep_session,
    new_flow,
    session_in,
)
from quotaloom_server.signing_in.demo_members import demo_member, demo_members
from quotaloom_server.signing_in.origins import Origins, origins_of, require_here
from quotaloom_server.signing_in.pages import choice_page, message_page

if TYPE_CHECKING:
    from quotaloom_server.signing_in.openid import OpenID

TOKEN_LIFE: Final = timedelta(minutes=15)
"""For how long a token of a session is good; a page asks for the next one before."""

CHOOSE: Final = f"{PLACE}/development"

LONGEST_KEY: Final = 100
"""Characters that the key of a company may have."""

LARGEST_FORM: Final = 10_000
"""Bytes that a form of these pages may have. No setting: the forms are ours, and none comes to a tenth of it."""

_Told = Unauthenticated | AccessDenied | InputError | Unavailable

_STATUS: Final = ((Unauthenticated, 401), (AccessDenied, 403), (InputError, 400), (Unavailable, 503))

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signing in, with a provider or, in the development profile without one, by choosing somebody of the demo."""

    database: Database
    clock: Clock
    gate: Gate
    origins: Origins
    session_life: timedelta
    openid: OpenID | None

    async def begin(self, request: Request) -> Response:
        """Send a browser off to the provider, or show whom it may choose."""
        wanted = request.query_params
        return_to = self.origins.return_to(request, wanted.get("return_to"))
        if self.openid is None:
            require_here(request)
            return choice_page(await demo_members(self.database, self.clock()), CHOOSE, return_to)
        company = checked_text(wanted.get("company"), ("company",), "the key of a company", LONGEST_KEY)
        flow = new_flow(return_to, company)
        response = RedirectResponse(await self.openid.address(flow), 302, {"cache-control": "no-store"})
        keep_flow(response, flow, self.gate.authority.key, utc_now())
        return response

    async def come_back(self, request: Request) -> Response:
        """Let a browser in that the provider sent back."""
        assert self.openid is not None, "there is a route with a provider alone"
        came_with = request.query_params
        flow = flow_of(request, came_with.get("state", ""), self.gate.authority.key)
        if flow is None:
            raise Unauthenticated("this sign-in was begun in another browser, or is over; begin again")
        vouched = await self.openid.vouched(flow, came_with)
        member = await member_vouched_for(self.database, self.openid.provider.issuer, vouched, flow.company)
        response = await self._let_in(member, flow.return_to)
        forget_flow(response, flow)
        return response

    async def choose(self, request: Request) -> Response:
        """Let a browser in as somebody of the demo."""
        require_here(request)
        self.origins.require(request)
        form = await _form(request)
        return_to = self.origins.return_to(request, form.get("return_to"))
        return await self._let_in(await demo_member(self.database, form.get("member", ""), self.clock()), return_to)

    async def token(self, request: Request) -> Response:
        """A short token for the session of the page that asks."""
        self.origins.require(request)
        member = await self._member(request)
        now = utc_now()
        issued = self.gate.authority.issue(member, now, TOKEN_LIFE)
        body = {"token": issued, "expiresAt": (now + TOKEN_LIFE).isoformat(timespec="seconds")}
        return JSONResponse(body, headers={"cache-control": "no-store"})

    async def end(self, request: Request) -> Response:
        """End the session of the page that asks, with all its tokens; says where to sign out at the provider, too."""
        self.origins.require(request)
        with suppress(Unauthenticated):  # it may be over already
            await end_session(self.database, await self._member(request), self.clock())
        place = None if self.openid is None else await self.openid.sign_out_address()
        response = JSONResponse({"providerUrl": place}, headers={"cache-control": "no-store"})
        forget_session(response)
        return response

    async def _member(self, request: Request) -> Identity:
        session = session_in(request)
        if session is None:
            raise Unauthenticated("nobody is signed in here; go to /sign-in")
        member = await member_of_session(self.database, session, self.clock())
        await self._require_present(member)
        return member

    async def _let_in(self, member: Identity, return_to: str) -> Response:
        await self._require_present(member)
        session = await begin_session(self.database, member, self.clock(), self.session_life)
        response = RedirectResponse(return_to, 303, {"cache-control": "no-store"})
        keep_session(response, session, self.session_life)
        return response

    async def _require_present(self, member: Identity) -> None:
        """Raise `Unauthenticated` for a member who has left, or not come yet."""
        async with self.database.snapshot(member.company_id) as snapshot:
            try:
                await open_request(snapshot, member, self.clock())
            except Unauthenticated as error:
                raise Unauthenticated(str(error), member) from None


def sign_in_routes(
    settings: Settings, database: Database, clock: Clock, gate: Gate, provider: Provider | None
) -> list[Route]:
    """The routes of signing in: with a provider those of the flow; without any, in development, that of choosing."""
    openid = None
    if provider is not None and settings.oidc_client_id is not None and settings.public_url is not None:
        # What it asks the provider with takes as long to load as the rest of signing in: only where there is one.
        from quotaloom_server.signing_in.openid import OpenID

        openid = OpenID(
            provider,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.public_url,
            settings.oidc_company_claim,
        )
    elif settings.is_production or settings.oidc_issuer is not None:
        return []
    life = timedelta(hours=settings.session_hours)
    here = SignIn(database, clock, gate, origins_of(settings), life, openid)
    shown = [Route(PLACE, _page(gate, here.begin), methods=["GET"])]
    if openid is None:
        shown.append(Route(CHOOSE, _page(gate, here.choose), methods=["POST"]))
    else:
        shown.append(Route(BACK, _page(gate, here.come_back), methods=["GET"]))
    asked = (("token", here.token), ("end", here.end))
    return [*shown, *(Route(f"{PLACE}/{name}", _data(gate, answer), methods=["POST"]) for name, answer in asked)]


def _page(gate: Gate, answer: Answer) -> Answer:
    """An answer whose errors are shown to a person."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except (Unauthenticated, AccessDenied, InputError, Unavailable) as error:
            await _note(gate, request, error)
            return message_page("You are not signed in", str(error), _status(error))

    return answered


def _data(gate: Gate, answer: Answer) -> Answer:
    """An answer whose errors are read by a page."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except (Unauthenticated, AccessDenied, InputError, Unavailable) as error:
            await _note(gate, request, error)
            return JSONResponse({**error.extensions, "message": str(error)}, _status(error))

    return answered


async def _note(gate: Gate, request: Request, error: _Told) -> None:
    bearer = error if isinstance(error, Unauthenticated) else Unauthenticated(str(error))
    await gate.note(bearer, [Told(request.url.path, error)])


def _status(error: _Told) -> int:
    return next(status for kind, status in _STATUS if isinstance(error, kind))


async def _form(request: Request) -> dict[str, str]:
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_FORM:
            raise InputError("TOO_LARGE", f"a form has {LARGEST_FORM} bytes at the most")
    return {name: values[0] for name, values in parse_qs(content.decode("ascii", "replace")).items()}
