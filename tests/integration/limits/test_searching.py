"""A text that is searched for has a limit, wherever one can be searched for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from graphql import GraphQLObjectType, build_schema

import quotaloom_graphql
from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany, api_company

SDL: Final = Path(quotaloom_graphql.__file__).with_name("schema.graphql")

FIELDS: Final = {"Query": "{}", "Pool": "pools {{ {} }}"}
"""The types that have fields with an argument `text`, and how one is asked for."""

OTHERS: Final = ("name", "phone", "email", "website")
"""Arguments of `possibleDuplicates` that are searched for."""


def searches() -> list[str]:
    """A query of `$t` for each argument that a text to be searched for comes in."""
    found = [f"possibleDuplicates(subject: LEAD, {argument}: $t) {{ __typename }}" for argument in OTHERS]
    for name, kind in build_schema(SDL.read_text(encoding="utf-8")).type_map.items():
        if isinstance(kind, GraphQLObjectType) and name != "Mutation":
            searching = [field for field, built in kind.fields.items() if "text" in built.args]
            found += [FIELDS[name].format(f"{field}(text: $t) {{ __typename }}") for field in searching]
    return [f"query ($t: String) {{ {asked} }}" for asked in found]


async def told(acme: ApiCompany, query: str, length: int) -> dict[str, Any] | None:
    """What is told of searching for so many characters, if anything is wrong with that."""
    errors = (await acme.graph.send(query, t="a" * length)).get("errors")
    return dict(errors[0]["extensions"]) if errors else None


async def test_no_field_searches_for_a_text_of_any_length(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """200 characters are searched for, one more is refused, and so are 300 KB."""
    async with api_company(database, database_url, tmp_path) as acme:
        await acme.graph.do("createPool", "pool { id }", key="pool", name="Pool", kinds=["LEAD"])
        queries = searches()
        assert len(queries) == 12
        for query in queries:
            assert await told(acme, query, 200) is None, query
            for length in (201, 300_000):
                error = {"code": "SEARCH_TOO_LONG", "limit": "search_characters", "allowed": 200, "found": length}
                assert await told(acme, query, length) == error, query
