"""A plugin's listener that writes down at once what it is told, and so knows it after its process was killed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from quotaloom.policies.discovery import Discovery, discover
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import Event, EventListener, Parameters
from tests.unit.policies.registered import plugin

TOPICS: Final = ("lead.created", "records.moved", "incentive_run.computed", "incentive_simulation.finished")

LISTENING_SECONDS: Final = 0.005
"""How long it takes over an event, so that kills find some in the middle."""

_FOLDER: Final = "QUOTALOOM_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Heard:
    """One telling of an event, and the process in which it was heard."""

    process: int
    event: int
    topic: str
    payload: str


def hear(event: Event[Any]) -> None:
    """Write an event down with one call: either it is there afterwards, or it is not."""
    line = orjson.dumps([os.getpid(), int(event.id), event.topic, event.payload_json])
    file = os.open(Path(os.environ[_FOLDER], "heard"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(file, line + b"\n")
    os.close(file)
    time.sleep(LISTENING_SECONDS)


def heard(home: Path) -> list[Heard]:
    """All that was heard in an installation, in its order."""
    file = home / "heard"
    return [Heard(*orjson.loads(line)) for line in file.read_bytes().splitlines()] if file.exists() else []


EAR: Final[EventListener[Any]] = EventListener(
    key="ear", title="Ear", description="Writes down.", parameters=Parameters, topics=TOPICS, listen=hear
)

_PLUGINS: Final = Discovery((plugin(EAR), *discover().plugins), ())


def policies() -> PolicyHost:
    """The product's plugins, and that of the ear."""
    return PolicyHost(_PLUGINS)
