"""Two servers without GraphQL, by hand: `python -m benchmarks.nested_graph.by_hand floor|json_agg`.

Each answers `GET /NAME?key=KEY` in the transaction of the product's own reads. The floor fetches flat rows and groups
them; the other has PostgreSQL build the whole answer. `DATABASE_URL`, `PORT` and `COMPANY_ID` come from the
environment.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.nested_graph import statements
from benchmarks.nested_graph.questions import QUESTIONS
from quotaloom.platform.database import credentials

POOL = 10

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

Answer = Callable[[Connection, str], Awaitable[bytes]]


async def _small(connection: Connection, key: str) -> bytes:
    row = await connection.fetchrow(statements.UNIT, key)
    assert row is not None
    return orjson.dumps({"data": {"orgUnit": {"key": row[0], "name": row[1], "kind": row[2]}}})


def _tree(levels: int) -> Answer:
    async def answer(connection: Connection, key: str) -> bytes:
        rows = await connection.fetch(statements.UNITS, key, levels)
        cells = defaultdict[int, list[Any]](list)
        for unit_id, period, starts_on, target, assessment, stretch in await connection.fetch(
            statements.CELLS, [row[0] for row in rows]
        ):
            cells[unit_id].append(
                {
                    "period": period,
                    "startsOn": starts_on,
                    "target": target,
                    "assessment": assessment,
                    "stretch": stretch,
                }
            )
        units = {
            number: {"name": name, "kind": kind, "targetCells": cells[number], "children": []}
            for number, _, name, kind in rows
        }
        return _nested(rows, units, levels)

    return answer


def _attainments(levels: int) -> Answer:
    async def answer(connection: Connection, key: str) -> bytes:
        rows = await connection.fetch(statements.UNITS, key, levels)
        found = await connection.fetch(statements.ATTAINMENTS, [row[0] for row in rows])
        names = ("target", "assessment", "stretch", "achieved", "rate", "gap")
        figures = {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}
        units = {row[0]: {"name": row[2], "attainment": figures[row[0]], "children": []} for row in rows}
        return _nested(rows, units, levels)

    return answer


def _nested(rows: list[asyncpg.Record], units: dict[int, dict[str, Any]], levels: int) -> bytes:
    """The tree, its units put under their parents; those of the last level are not asked for their children."""
    depths = {rows[0][0]: 0}
    for row in rows[1:]:
        depths[row[0]] = depths[row[1]] + 1
        units[row[1]]["children"].append(units[row[0]])
    for number, depth in depths.items():
        if depth == levels:
            del units[number]["children"]
    return orjson.dumps({"data": {"orgUnit": units[rows[0][0]]}})


async def _board(connection: Connection, key: str) -> bytes:
    stages = await connection.fetch(statements.STAGES, key)
    deals = defaultdict[int, list[Any]](list)
    for stage_id, number, name, amount, opened_on, position in await connection.fetch(
        statements.DEALS, [stage[1] for stage in stages]
    ):
        deals[stage_id].append(
            {"key": number, "name": name, "amount": amount, "openedOn": opened_on, "position": {"name": position}}
        )
    told = [{"name": name, "outcome": outcome, "opportunities": deals[number]} for _, number, name, outcome in stages]
    return orjson.dumps({"data": {"funnel": {"name": stages[0][0], "stages": told}}})


def _json(statement: str) -> Answer:
    async def answer(connection: Connection, key: str) -> bytes:
        text: str = await connection.fetchval(statement, key)
        return text.encode()

    return answer


def _floor() -> dict[str, Answer]:
    trees = {name: _tree(QUESTIONS[name].levels) for name in ("medium", "large", "huge")}
    return {"small": _small, "board": _board, "attainment": _attainments(QUESTIONS["attainment"].levels)} | trees


def _json_agg() -> dict[str, Answer]:
    texts = {name: statements.tree_as_json(QUESTIONS[name].levels) for name in ("medium", "large", "huge")}
    texts |= {"small": statements.UNIT_AS_JSON, "board": statements.BOARD_AS_JSON}
    texts["attainment"] = statements.attainments_as_json(QUESTIONS["attainment"].levels)
    return {name: _json(text) for name, text in texts.items()}


def application(answers: dict[str, Answer], database_url: str, company_id: int) -> Starlette:
    """The server: a route for each answer."""
    begin = statements.BEGIN.format(company_id=company_id)
    pools: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(**credentials(database_url), min_size=POOL, max_size=POOL) as pool:
            pools.append(pool)
            gc.collect()
            gc.freeze()  # as the product does at its start
            yield

    def route(name: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            async with pools[0].acquire() as connection:
                await connection.execute(begin)
                try:
                    body = await answer(connection, request.query_params["key"])
                finally:
                    await connection.execute("ROLLBACK")
            return Response(body, media_type="application/json")

        return Route(f"/{name}", endpoint)

    return Starlette(routes=[route(*pair) for pair in answers.items()], lifespan=lifespan)


def main() -> None:
    """Serve the floor, or the statements of JSON."""
    answers = {"floor": _floor, "json_agg": _json_agg}[sys.argv[1]]()
    served = application(answers, os.environ["DATABASE_URL"], int(os.environ["COMPANY_ID"]))
    uvicorn.run(served, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
