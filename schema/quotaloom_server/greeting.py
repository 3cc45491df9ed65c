"""What a server says once it is up: where it is, how to get in, and something to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain
from quotaloom.demo.beginning import COMPANY
from quotaloom.platform.database import Database
from quotaloom.platform.errors import NotFound
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity
from quotaloom.platform.work import CompanyFacts
from quotaloom_server import bearers
from quotaloom_server.databases import DatabaseUrls
from quotaloom_server.keys import token_authority
from quotaloom_server.listening import address_shown


@dataclass(frozen=True, slots=True)
class Greeting:
    """The address, and in the development profile a token (whose, and for how many hours) with a query to try."""

    address: str
    bearer: str | None = None
    token: str | None = None
    hours: int = 0
    query: str | None = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"\nQuotaloom {version('quotaloom')} serves {self.address}/graphql"
        if self.token is None:
            return
        yield "Open it in a browser for GraphiQL, the manual of the graph. Ctrl-C ends it."
        yield f"\nToken of {self.bearer}, good for {self.hours} hours:\n\n{self.token}"
        if self.query is None:
            yield "\n`quotaloom demo` loads a company to try things with."
        else:
            yield f"\nTo try it, paste this into another terminal:\n\n{curl(self.address, self.token, self.query)}\n"


async def greeting(settings: Settings, urls: DatabaseUrls, database: Database, now: datetime) -> Greeting:
    """The greeting of this server: in production the address alone, else a token for the demo or the oldest company."""
    address = address_shown(settings.host, settings.port)
    if settings.is_production:
        return Greeting(address)
    identity, bearer, query = bearers.operator(), "the operator, who may found companies", None
    keys = await bearers.company_keys(urls)
    if keys:
        key = COMPANY.key if COMPANY.key in keys else keys[0]
        company = await bearers.company_named(database, urls, key)
        query = attainment_query(company, now)
        identity, bearer = await _somebody(database, company, now)
    hours = settings.token_ttl_hours
    return Greeting(
        address, bearer, token_authority(settings).issue(identity, now, timedelta(hours=hours)), hours, query
    )


def attainment_query(company: CompanyFacts, now: datetime) -> str:
    """The company's tree down to its positions, with this fiscal year's revenue against its target."""
    year = fiscal_calendar(company).containing(company.today(now), Grain.YEAR).label
    figures = f'name attainment(period: "{year}") {{ target achieved rate status }}'
    return (
        f"fragment figures on OrgUnit {{ {figures} }} "
        "{ company { name root "
        "{ ...figures children { ...figures children { ...figures children { ...figures } } } } } }"
    )


def curl(address: str, token: str, query: str) -> str:
    """A command for a shell that sends the query."""
    body = json.dumps({"query": query}, ensure_ascii=False)
    return (
        f"curl --silent {address}/graphql \\\n"
        f"  --header {shlex.quote(f'Authorization: Bearer {token}')} \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data {shlex.quote(body)}"
    )


async def _somebody(database: Database, company: CompanyFacts, now: datetime) -> tuple[Identity, str]:
    try:
        identity = await bearers.first_admin(database, company, now)
    except NotFound:  # every admin has left: no reason not to serve
        return bearers.operator(), f"the operator, because {company.key} has no admin"
    return identity, f"{identity.subject}, an admin of {company.key}"
