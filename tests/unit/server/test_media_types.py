from __future__ import annotations

import pytest

from quotaloom_server.media_types import JSON, RESPONSE, Accepted, accepted_by


@pytest.mark.parametrize(
    ("header", "answer", "events"),
    [
        ("", JSON, False),
        ("*/*", JSON, False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON, False),
        ("image/png", JSON, False),
        (JSON, JSON, False),
        (RESPONSE, RESPONSE, False),
        ("Application/GraphQL-Response+JSON; charset=utf-8", RESPONSE, False),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE, False),
        (f"{JSON};q=0.5, {RESPONSE};q=0.6", RESPONSE, False),
        (f"{JSON}, {RESPONSE}", JSON, False),
        (f"{RESPONSE};q=0, */*", JSON, False),
        (f"{RESPONSE};q=x", RESPONSE, False),
        (f"{RESPONSE}, {JSON}, text/event-stream, multipart/mixed", RESPONSE, True),
        ("text/event-stream, */*", JSON, True),
        ("text/event-stream", None, True),
        (",;q=,;;", JSON, False),
    ],
)
def test_the_heaviest_of_what_a_client_names_is_answered(header: str, answer: str | None, events: bool) -> None:
    """Of equals the first; JSON for whoever names none, and nothing but events for whoever names those alone."""
    assert accepted_by(header) == Accepted(answer, events)
