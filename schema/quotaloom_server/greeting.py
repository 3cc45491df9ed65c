"""What a server says once it is up: where it is, how to get in, and something to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Greeting:
    """The address, and in the development profile a token (of whom, for how many hours) with a query to try."""

    version: str
    address: str
    bearer: str | None = None
    token: str | None = None
    hours: int = 0
    query: str | None = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"\nQuotaloom {self.version} serves {self.address}/graphql"
        if self.token is None:
            return
        yield "Open it in a browser for GraphiQL, the manual of the graph. Ctrl-C ends it."
        yield f"\nToken of {self.bearer}, good for {self.hours} hours:\n\n{self.token}"
        if self.query is not None:
            yield f"\nTo try it, paste this into another terminal:\n\n{curl(self.address, self.token, self.query)}\n"


def curl(address: str, token: str, query: str) -> str:
    """A command for a shell that sends the query."""
    body = json.dumps({"query": " ".join(query.split())}, ensure_ascii=False)
    return (
        f"curl {address}/graphql \\\n"
        f"  --header {shlex.quote(f'Authorization: Bearer {token}')} \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data {shlex.quote(body)}"
    )
