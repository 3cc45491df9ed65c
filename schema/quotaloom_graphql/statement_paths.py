"""Where statements are downloaded."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import strawberry

from quotaloom.incentives.statement_files import StatementFormat
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import encode_id

strawberry.enum(StatementFormat, description="What a statement is taken along as: a table, or a page to print.")

OneFormat = Annotated[StatementFormat, strawberry.argument(description="What kind of file.")]
TableFormat = Annotated[FileFormat, strawberry.argument(description="What kind of file.")]


async def load_statement_files(keys: list[int], info: Info, format: OneFormat) -> list[dict[str, str]]:
    """Where each statement is as a file."""
    return [
        {"path": f"/statements/{_named('Statement', key)}/statement.{format}", "media_type": format.media_type}
        for key in keys
    ]


async def load_run_files(keys: list[int], info: Info, format: TableFormat) -> list[dict[str, str]]:
    """Where the statements of each run are as one file."""
    return [
        {"path": f"/incentive-runs/{_named('IncentiveRun', key)}/statements.{format}", "media_type": format.media_type}
        for key in keys
    ]


def _named(type_name: str, number: int) -> str:
    return quote(encode_id(type_name, number), safe="")
