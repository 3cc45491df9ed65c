"""Who answers: six ways to the same JSON, five servers of one process each, on one database."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.measuring import Skipped
from benchmarks.nested_graph.client import Connection, get, post
from benchmarks.nested_graph.company import Company
from benchmarks.nested_graph.questions import FUNNEL_KEY, POSTGRAPHILE, QUESTIONS, QUOTALOOM, Dialect, Question
from benchmarks.npm import NoNetwork, node, scripts
from benchmarks.serving import TOKEN_LIFE, free_port, serving
from quotaloom.platform.database import credentials
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity
from quotaloom_server.keys import token_authority

TITLES = {
    "product": "Quotaloom, an admin",
    "head": "Quotaloom, a head",
    "postgraphile": "PostGraphile 5",
    "strawberry": "stock Strawberry",
    "json_agg": "json_agg by hand",
    "floor": "floor",
}
"""What can be named, in the order of the tables."""

REPOSITORY = Path(__file__).parents[2]
POSTGRAPHILE_SERVER = Path(__file__).with_name("postgraphile")
START_SECONDS = 60.0
OF_A_HEAD = ("small", "medium", "large")
"""What the head of a department is asked: its subtree is as large as the upper four levels of the company."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that runs, and the ready bytes of each question that it is asked."""

    name: str
    port: int
    pid: int
    requests: Mapping[str, bytes]

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return TITLES[self.name]


@asynccontextmanager
async def contenders(
    company: Company, names: Sequence[str], tell: Callable[[str], None]
) -> AsyncIterator[tuple[list[Contender], list[str]]]:
    """Those of these names that can be started, in the order of `TITLES`, and a line for each that cannot."""
    started, skipped = list[Contender](), list[str]()
    async with AsyncExitStack() as stack:
        if {"product", "head"} & set(names):
            started += stack.enter_context(_product(company))
        if "postgraphile" in names:
            try:
                started.append(await stack.enter_async_context(_postgraphile(company, tell)))
            except Skipped as reason:
                skipped.append(f"{TITLES['postgraphile']} is left out: {reason}.")
        for name, module, *arguments in (
            ("strawberry", "stock"),
            ("json_agg", "by_hand", "json_agg"),
            ("floor", "by_hand", "floor"),
        ):
            if name in names:
                started.append(stack.enter_context(_python(company, name, module, arguments)))
        yield [one for one in started if one.name in names], skipped


@contextmanager
def _product(company: Company) -> Iterator[list[Contender]]:
    with tempfile.TemporaryDirectory(prefix="quotaloom-") as folder:
        settings = Settings(
            data_dir=Path(folder, "data"),
            port=free_port(),
            database_url=company.url,
            admin_database_url=company.admin_url,
        )
        variables = {"QUOTALOOM_DATABASE_URL": company.url, "QUOTALOOM_ADMIN_DATABASE_URL": company.admin_url}
        with serving(settings, **variables) as process:

            def contender(name: str, identity: Identity, key: str, asked: Sequence[str]) -> Contender:
                token = token_authority(settings).issue(identity, datetime.now(UTC), TOKEN_LIFE)
                return Contender(name, settings.port, process.pid, _graphql(QUOTALOOM, key, asked, token))

            yield [
                contender("product", company.admin, company.key, list(QUESTIONS)),
                contender("head", company.head, company.headed_key, OF_A_HEAD),
            ]


@asynccontextmanager
async def _postgraphile(company: Company, tell: Callable[[str], None]) -> AsyncIterator[Contender]:
    with ExitStack() as stack:
        try:
            folder = await asyncio.to_thread(stack.enter_context, scripts(POSTGRAPHILE_SERVER, tell))
        except (NoNetwork, OSError) as error:
            raise Skipped(f"PostGraphile could not be installed: {error}") from None
        await _make_views(company)
        where = credentials(company.url)
        url = f"postgres://{where['user']}@/{where['database']}?host={where['host']}&port={where['port']}"
        variables = {"DATABASE_URL": url, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
        pid, port = stack.enter_context(_process(company, [str(node()), "server.mjs"], folder, variables))
        yield Contender("postgraphile", port, pid, _graphql(POSTGRAPHILE, company.key, list(QUESTIONS)))


async def _make_views(company: Company) -> None:
    connection = await asyncpg.connect(**credentials(company.admin_url))
    try:
        await connection.execute((POSTGRAPHILE_SERVER / "views.sql").read_text())
    finally:
        await connection.close()


@contextmanager
def _python(company: Company, name: str, module: str, arguments: Sequence[str]) -> Iterator[Contender]:
    command = [sys.executable, "-m", f"benchmarks.nested_graph.{module}", *arguments]
    with _process(company, command, REPOSITORY, {"DATABASE_URL": company.url}) as (pid, port):
        if name == "strawberry":
            requests = _graphql(QUOTALOOM, company.key, list(QUESTIONS), path="/graphql/")
        else:
            requests = {one.name: get(f"/{one.name}?key={_key(one, company.key)}") for one in QUESTIONS.values()}
        yield Contender(name, port, pid, requests)


@contextmanager
def _process(
    company: Company, command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> Iterator[tuple[int, int]]:
    port = free_port()
    environment = {**os.environ, **variables, "PORT": str(port), "COMPANY_ID": str(company.id)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            if not _listening(process, port):
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read().decode()[-2000:]}")
            yield process.pid, port
        finally:
            process.terminate()
            process.wait()


def _listening(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _graphql(
    dialect: Dialect, unit_key: str, asked: Sequence[str], token: str | None = None, path: str = "/graphql"
) -> dict[str, bytes]:
    documents = {name: QUESTIONS[name].document(dialect, _key(QUESTIONS[name], unit_key)) for name in asked}
    return {name: post(path, json.dumps({"query": document}).encode(), token) for name, document in documents.items()}


def _key(question: Question, unit_key: str) -> str:
    return unit_key if question.of_unit else FUNNEL_KEY


async def answer(contender: Contender, question: str) -> bytes:
    """What it answers to a question, asked once; raises `RuntimeError` where that fails."""
    connection = await Connection.open(contender.port)
    try:
        response = await connection.ask(contender.requests[question])
    finally:
        connection.close()
    if response.status != 200 or b'"errors"' in response.body[:2000]:
        raise RuntimeError(f"{contender.title}, {question}: {response.status} {response.body[:1000]!r}")
    return response.body
