"""`quotaloom token`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

from quotaloom.platform.access import Scope
from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import Settings, load_settings
from quotaloom.platform.tokens import Identity
from quotaloom_server import bearers
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import connected, database_urls
from quotaloom_server.keys import token_authority_of_server
from quotaloom_server.output import ASIDE, raw
from quotaloom_server.signals import run

_SCOPES = ", ".join(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class _Wanted:
    company: str
    member: str | None
    service: str | None
    scopes: tuple[str, ...]


def token(
    company: Annotated[str | None, typer.Option(metavar="KEY", help="The company's key.")] = None,
    member: Annotated[str | None, typer.Option(metavar="KEY", help="For the member with this key.")] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="For another system of this name.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help=f"What the service may do, repeatable: {_SCOPES}.")
    ] = None,
    operator: Annotated[
        bool, typer.Option("--operator", help="For whoever runs the installation; may found companies.")
    ] = False,
    hours: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=8760, help="Hours it is good for.  [default: QUOTALOOM_TOKEN_TTL_HOURS]"),
    ] = None,
) -> None:
    """Print a bearer token.

    By default it is one of the company's first admin. Only the token goes to standard output, so that
    TOKEN=$(quotaloom token --company KEY) keeps it.
    """
    if sum((member is not None, service is not None, operator)) > 1:
        raise typer.BadParameter("Give one of --member, --service and --operator.")
    if scope and service is None:
        raise typer.BadParameter("--scope belongs to --service.")
    if operator == (company is not None):
        raise typer.BadParameter("Give --company KEY; --operator alone goes without, he belongs to no company.")
    settings = load_settings(token_ttl_hours=hours)
    authority = token_authority_of_server(settings)
    if company is None:
        identity = bearers.operator()
    else:
        identity = _look_up(settings, _Wanted(company, member, service, tuple(scope or ())))
    issued = authority.issue(identity, utc_now(), timedelta(hours=settings.token_ttl_hours))
    who = f"{identity.role} {identity.subject} in {company}" if company else "the operator"
    ASIDE.print(f"Token of {who}, good for {settings.token_ttl_hours} hours:")
    raw(issued)


def _look_up(settings: Settings, wanted: _Wanted) -> Identity:
    with ending_on_signals(), database_urls(settings) as urls:

        async def look_up() -> Identity:
            async with connected(settings, urls) as database:
                company = await bearers.company_named(database, urls, wanted.company)
                if wanted.service is not None:
                    return bearers.service(company, wanted.service, wanted.scopes)
                if wanted.member is not None:
                    return await bearers.member_named(database, company, wanted.member, utc_now())
                return await bearers.first_admin(database, company, utc_now())

        return run(look_up())
