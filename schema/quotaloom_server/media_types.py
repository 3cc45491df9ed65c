"""In which form a client takes its answer: the Accept header of GraphQL over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
"""What every client takes: its status says only whether the request could be read."""

RESPONSE: Final = "application/graphql-response+json"
"""The media type of GraphQL over HTTP: its status is 400 where the operation was not executed at all."""

EVENTS: Final = "text/event-stream"
"""Results one after the other, as server-sent events."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes: `answer` for one result, None if it takes nothing but events."""

    answer: str | None
    events: bool


@lru_cache(maxsize=64)
def accepted_by(header: str) -> Accepted:
    """What the Accept header asks for: what it weighs most, of equals the first.

    A client that takes none of ours is given JSON, as one that does not say.
    """
    weights = _weights(header)
    named = sorted((name for name in (RESPONSE, JSON) if name in weights), key=list(weights).index)
    best = max(named, key=lambda name: weights[name], default=None)
    if best is None and (EVENTS not in weights or not weights.keys().isdisjoint(("*/*", "application/*"))):
        best = JSON
    return Accepted(best, EVENTS in weights)


def _weights(header: str) -> dict[str, float]:
    """The weight of each media type that the header names, without those that it rules out."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (one.strip().lower() for one in part.split(";"))
        weight = next((_number(one[2:]) for one in parameters if one.startswith("q=")), 1.0)
        if weight > 0:
            found.setdefault(name, weight)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
