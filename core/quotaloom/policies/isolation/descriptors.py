"""What the server knows of a plugin that it never imports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from quotaloom_sdk import Need


@dataclass(frozen=True, slots=True)
class PluginSource:
    """Where a plugin is: its entry point's `name` and `value`, and the distribution, None where there is none."""

    name: str
    value: str
    distribution: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyDescriptor:
    """One policy of a plugin, as its definition says; `parameters_json` is the JSON Schema of its parameters."""

    key: str
    kind: str
    title: str
    description: str
    needs: frozenset[Need]
    parameters_json: str

    @property
    def parameters_schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters."""
        schema: dict[str, Any] = json.loads(self.parameters_json)
        return schema


@dataclass(frozen=True, slots=True)
class ListenerDescriptor:
    """One listener of a plugin, and the topics it listens to."""

    key: str
    title: str
    description: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PluginDescriptor:
    """A plugin that a worker loaded and found usable; policies and listeners in the order of its hooks."""

    source: PluginSource
    api_version: str
    policies: tuple[PolicyDescriptor, ...]
    listeners: tuple[ListenerDescriptor, ...]

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.source.name
