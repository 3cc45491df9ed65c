"""`quotaloom schema`."""

from __future__ import annotations

from quotaloom_server.output import raw


def schema() -> None:
    """Print the GraphQL schema (SDL), with all descriptions."""
    from quotaloom_graphql.schema import build_schema

    raw(build_schema().as_str())
