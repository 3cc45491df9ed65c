from __future__ import annotations

from typing import Any

import pytest

from quotaloom_sdk import Event, EventListener, InvalidDefinition, Need, Parameters
from quotaloom_sdk.testing import event
from quotaloom_sdk.testing.conformance.events import PAYLOADS


def hear(event: Event[Parameters]) -> None:
    """Nothing."""


def listener(**changes: Any) -> EventListener[Parameters]:
    good: dict[str, Any] = {
        "key": "ears",
        "title": "Ears",
        "description": "Hears.",
        "parameters": Parameters,
        "topics": ("policy.switched",),
        "listen": hear,
    }
    return EventListener(**{**good, **changes})


def test_listener_names_its_topics() -> None:
    """A listener hears the topics that it names, in its order."""
    assert listener(topics=("policy.switched", "plan.cell.changed")).topics == ("policy.switched", "plan.cell.changed")


def test_listener_may_name_whatever_the_product_publishes() -> None:
    """All topics that there are, at once."""
    assert listener(topics=tuple(PAYLOADS)).topics == tuple(PAYLOADS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topics": ()}, "topics of listener 'ears' must be a tuple of topics, each once"),
        ({"topics": "policy.switched"}, "must be a tuple of topics"),
        ({"topics": ("policy.switched", "policy.switched")}, "each once"),
        ({"topics": ("policy",)}, "'policy' is no topic; write one such as 'policy.switched'"),
        ({"topics": ("policy.*",)}, "'policy.*' is no topic"),
        ({"topics": ([],)}, "[] is no topic"),
        ({"listen": 5}, "listen of policy 'ears' must be a function"),
        ({"needs": frozenset({Need.HISTORY})}, "they can carry: none"),
    ],
)
def test_listener_that_could_hear_nothing_is_refused(changes: dict[str, Any], words: str) -> None:
    """Topics are full names, each once; an event carries what it is about and nothing else."""
    with pytest.raises(InvalidDefinition) as refused:
        listener(**changes)
    assert words in str(refused.value)


def test_payload_is_a_new_dictionary_each_time() -> None:
    """What one listener does to the payload reaches no other."""
    told = event("policy.switched", {"policy": "acme.by_year"}, parameters=Parameters())
    told.payload["policy"] = "spoiled"
    assert told.payload == {"policy": "acme.by_year"}
