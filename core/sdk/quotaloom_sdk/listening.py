"""Event listeners: told of what has happened, after it was committed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic

from quotaloom_sdk.errors import InvalidDefinition
from quotaloom_sdk.needs import Need
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function
from quotaloom_sdk.texts import shown

_TOPIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True)
class Event(Generic[P]):
    """Something that happened and is committed.

    `id` is the same when it is told again. `topic` is such as `policy.switched`, `at` the instant it
    happened, with its time zone. `payload_json` is a JSON object.
    """

    id: str
    topic: str
    at: datetime
    payload_json: str
    parameters: P

    @property
    def payload(self) -> dict[str, Any]:
        """What the event is about, a new dictionary each time."""
        payload: dict[str, Any] = json.loads(self.payload_json)
        return payload


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListener(ParameterizedPolicy[P], Generic[P]):
    """A function that is told of the events of some topics and answers nothing.

    `listen` is called after the commit, at least once, and again if it raises: `Event.id` tells whether it was done
    already. It is not called twice at once for the same event, unless what runs it stood still for half a minute and
    then goes on. What it does cannot undo or delay what happened. Topics are full names, each once. Raises
    `InvalidDefinition`.
    """

    kind: ClassVar[str] = "listener"
    offers: ClassVar[frozenset[Need]] = frozenset()

    topics: tuple[str, ...]
    listen: Callable[[Event[P]], None]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        topics: object = self.topics
        if not isinstance(topics, tuple) or not topics or any(topics.count(topic) > 1 for topic in topics):
            raise InvalidDefinition(f"topics of listener {self.key!r} must be a tuple of topics, each once")
        for topic in topics:
            if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
                raise InvalidDefinition(f"{shown(topic)} is no topic; write one such as 'policy.switched'")
        require_plain_function(self.key, "listen", self.listen)
