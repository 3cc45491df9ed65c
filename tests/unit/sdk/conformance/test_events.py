from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from quotaloom_sdk import Event
from quotaloom_sdk.testing.conformance.events import PAYLOADS, events

CORE = Path(__file__).parents[4] / "core" / "quotaloom"

COMPOSED = {
    "attribute.archived",
    "attribute.restored",
    "comment.reopened",
    "comment.resolved",
    "dispute.granted",
    "dispute.refused",
    "dispute.withdrawn",
    "headship.created",
    "headship.ended",
    "holding.created",
    "holding.ended",
    "incentive_run.approved",
    "incentive_run.cancelled",
    "incentive_run.paid",
    "incentive_run.returned",
    "incentive_run.reviewed",
    "objective.archived",
    "objective.restored",
    "opportunity.invalidated",
    "opportunity.lost",
    "opportunity.reopened",
    "opportunity.won",
    "pool.closed",
    "pool.opened",
    "pool_rule.archived",
    "pool_rule.paused",
    "pool_rule.restored",
    "pool_rule.started",
    "targets.approved",
    "targets.returned",
    "targets.withdrawn",
}
"""Topics that the product puts together from two words."""


def published() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Topic and payload of every event whose topic stands in the product's source in one word."""
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish":
                topic = node.args[0] if node.args else None
                if isinstance(topic, ast.Constant):
                    yield str(topic.value), tuple(str(one.arg) for one in node.keywords)


def test_events_are_those_that_the_product_publishes() -> None:
    """Each topic of the product is known with what its payload has, and no other."""
    found = dict(published())
    assert {topic: fields for topic, fields in PAYLOADS.items() if topic not in COMPOSED} == found


@settings(max_examples=100, deadline=None)
@given(events(tuple(PAYLOADS)))
def test_event_carries_what_its_topic_has(event: Event[Any]) -> None:
    """A listener may rely on every name in the payload."""
    assert set(event.payload) == set(PAYLOADS[event.topic])
    assert event.at.tzinfo is not None
