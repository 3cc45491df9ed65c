"""Every route of the application: what names something in its path and its query, and what is answered to a request."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx
import pytest
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from quotaloom.incentives.statement_files import StatementFormat
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom_server.reports import EXPORTERS
from tests.integration.walls.asking import canaries_in
from tests.integration.walls.fingerprints import Statements
from tests.integration.walls.sending import without

Values = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a route: the types of what its path and query name by id, and values of its other parameters.

    `always` are values without which it answers nothing, `along` what a parameter goes along with, `refused` what it
    knows and refuses. `tells` says whether somebody who may is told something of his company.
    """

    in_path: Mapping[str, str] = field(default_factory=dict)
    in_query: Mapping[str, str] = field(default_factory=dict)
    others: Values = ()
    always: Values = ()
    along: Mapping[str, Values] = field(default_factory=dict)
    refused: Set[str] = frozenset()
    tells: bool = False

    @property
    def parameters(self) -> set[str]:
        """All that it looks for in a query."""
        return {*self.in_query, *self.refused, *(name for name, _ in (*self.always, *self.others))}


_REPORT: Final = Known(
    in_query={"orgUnit": "OrgUnit", "orgUnits": "OrgUnit", "members": "Member"},
    always=(("period", "2026"),),
    others=(
        *(("metric", "revenue"), ("metrics", "revenue"), ("rows", "UNITS"), ("directChildren", "false")),
        *(("kind", "POSITION"), ("level", "2"), ("status", "NONE"), ("structure", "AS_IS"), ("asOf", "2026-06-01")),
        *(("sort", "NAME"), ("columns", "NAME")),
    ),
    along={"members": (("rows", "MEMBERS"),)},
    tells=True,
)
"""A report, which may refuse what others take."""

_REFUSED: Final = {
    "activity": frozenset({"status", "asOf"}),
    "incentive-budget": frozenset({"status", "structure", "asOf", "members"}),
}
"""What a report does not take, by its name."""


def _report(name: str) -> Known:
    """What a report takes."""
    refused = _REFUSED.get(name, frozenset())
    return replace(
        _REPORT,
        in_query={one: kind for one, kind in _REPORT.in_query.items() if one not in refused},
        others=[(one, value) for one, value in _REPORT.others if one not in refused],
        refused=refused,
    )


_TEMPLATE: Final = Known({"plan_id": "Plan"}, {"under": "OrgUnit"}, (("scenario", "2"),), tells=True)

KNOWN: Final[Mapping[str, Known]] = {
    **{f"/reports/{name}.{format}": _report(name) for name in EXPORTERS for format in FileFormat},
    **{f"/plans/{{plan_id}}/template.{format}": _TEMPLATE for format in FileFormat},
    **{f"/statements/{{id}}/statement.{format}": Known({"id": "Statement"}, tells=True) for format in StatementFormat},
    **{
        f"/incentive-runs/{{id}}/statements.{format}": Known({"id": "IncentiveRun"}, tells=True)
        for format in FileFormat
    },
    **dict.fromkeys(("/", "/health", "/alive"), Known()),
    "/sign-in": Known(others=(("return_to", "/board"), ("company", "stranger"))),
    "/sign-in/callback": Known(others=(("state", "x"), ("code", "x"), ("iss", "x"), ("error", "x"))),
    **dict.fromkeys(("/sign-in/development", "/sign-in/token", "/sign-in/end"), Known()),
}
"""By path. Who adds a route says here what it takes."""

GRAPH: Final = "/graphql"
"""Whose fields, arguments and ids the other tests ask for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a route; its ids are filled in when it is sent."""

    route: str
    method: str
    in_path: Mapping[str, str]
    in_query: Mapping[str, str] = field(default_factory=dict)
    values: Values = ()

    @property
    def is_plain(self) -> bool:
        """Whether it has no more parameters than it must."""
        return not self.in_query and self.values == KNOWN[self.route].always

    @property
    def is_report(self) -> bool:
        """Whether it is for a report, which whoever asks has of his own company."""
        return self.route.startswith("/reports/")

    @property
    def types(self) -> set[str]:
        """The types of what it names."""
        return {*self.in_path.values(), *self.in_query.values()}

    def path(self, ids: Mapping[str, str]) -> str:
        """The path, with an id for each type."""
        return self.route.format(**{name: ids[type_name] for name, type_name in self.in_path.items()})

    def query(self, ids: Mapping[str, str]) -> Values:
        """The parameters of the query."""
        return [*self.values, *((name, ids[type_name]) for name, type_name in self.in_query.items())]


def requests_to(routes: Sequence[BaseRoute]) -> list[Asked]:
    """Each route by each of its methods: as it is, with all that it takes besides ids, and with each id of its query.

    Raises `KeyError` for a route that is not known.
    """
    return [
        asked
        for route in routes
        if isinstance(route, Route) and route.path != GRAPH
        for method in sorted(route.methods or ("GET",))
        for asked in _requests(route.path, method, KNOWN[route.path])
    ]


def _requests(path: str, method: str, known: Known) -> Iterator[Asked]:
    yield Asked(path, method, known.in_path, values=known.always)
    if known.others:
        yield Asked(path, method, known.in_path, values=(*known.always, *known.others))
    for name, type_name in known.in_query.items():
        values = (*known.always, *known.along.get(name, ()))
        yield Asked(path, method, known.in_path, {name: type_name}, values)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was answered, without the ids that were asked for, and after how many statements."""

    status: int
    headers: Mapping[str, str]
    text: str
    statements: int

    @property
    def canaries(self) -> set[str]:
        """Whatever in it was planted."""
        return canaries_in(f"{self.headers} {self.text}")


_CHANCE: Final = re.compile(r"\b(state=|nonce=|code_challenge=|__Secure-quotaloom-flow-\w+=)[\w.-]+")
"""Secrets that a sign-in begins with."""

_MADE_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DIFFERENT: Final = {"date", "content-length"}
"""Headers that tell when it was answered, and how long an id is that a message repeats."""


@dataclass
class Knocking:
    """Sends requests to an application."""

    http: httpx.AsyncClient
    statements: Statements

    async def ask(self, asked: Asked, ids: Mapping[str, str], headers: Mapping[str, str]) -> Heard:
        """What is answered."""
        named = {name: ids[name] for name in asked.types}
        return await self.send(
            asked.method, asked.path(ids), named.values(), params=asked.query(ids), headers={**ORIGIN, **headers}
        )

    async def send(self, method: str, path: str, ids: Any = (), **options: Any) -> Heard:
        """What is answered to any request."""
        self.http.cookies.clear()
        self.statements.number = 0
        response = await self.http.request(method, path, **options)
        text, headers = _text_of(response), {}
        for name, value in response.headers.items():
            if name not in _DIFFERENT:
                headers[name] = _CHANCE.sub("by chance", value)
        for id in ids:
            text = without(text, [id])
        return Heard(response.status_code, headers, text, self.statements.number)


ORIGIN: Final = {"origin": "http://127.0.0.1", "host": "127.0.0.1"}
"""A page of the server itself, which may sign somebody in."""


def _text_of(response: httpx.Response) -> str:
    """All that is written in it; a workbook is unpacked."""
    if response.content[:2] != b"PK":
        return response.text
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        parts = [f"{name}: {book.read(name).decode('utf-8', 'replace')}" for name in sorted(book.namelist())]
    return _MADE_AT.sub("then", "\n".join(parts))


@contextmanager
def noting_parameters(patch: pytest.MonkeyPatch) -> Iterator[dict[str, set[str]]]:
    """The parameters that are looked for in the queries of requests, by path, while the block runs."""
    noted: dict[str, set[str]] = {}

    def query_params(self: Request) -> _Noted:
        return _Noted(self.url.query, noted.setdefault(self.url.path, set()))

    with patch.context() as patched:
        patched.setattr(Request, "query_params", property(query_params))
        yield noted


class _Noted(QueryParams):
    """A query that notes what is looked for in it; `*` stands for all that it has."""

    def __init__(self, query: str, noted: set[str]) -> None:
        super().__init__(query)
        self._noted = noted

    def get(self, key: Any, default: Any = None) -> Any:
        self._noted.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> str:
        self._noted.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._noted.add(str(key))
        return super().__contains__(key)

    def multi_items(self) -> list[tuple[str, str]]:
        self._noted.add("*")
        return super().multi_items()
