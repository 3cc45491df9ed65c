"""Which columns a loader is asked for."""

from __future__ import annotations

from quotaloom_graphql.context import Info


def asked(info: Info) -> frozenset[str] | None:
    """The names of the columns that the query reads of the rows; None where that is not known, which means all."""
    return None
