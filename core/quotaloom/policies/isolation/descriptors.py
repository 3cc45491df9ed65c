"""What the server knows of a plugin and its policies without asking them, and without having imported them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from quotaloom_sdk import EventListener, GraphQLExtension, Need, PolicyDefinition
from quotaloom_sdk.forms import ui_hints
from quotaloom_sdk.storing import json_fault
from quotaloom_sdk.texts import text_fault


@dataclass(frozen=True, slots=True)
class PluginSource:
    """Where a plugin is: its entry point's `name` and `value`, and the distribution, None where there is none."""

    name: str
    value: str
    distribution: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyDescriptor:
    """One policy or listener of a plugin, as its definition says.

    `parameters_json` is the JSON Schema of its parameters, `ui_json` the hints for their form by parameter. `topics`
    are those that a listener listens to.
    """

    key: str
    kind: str
    title: str
    description: str
    needs: frozenset[Need]
    parameters_json: str
    ui_json: str = "{}"
    topics: tuple[str, ...] = ()

    @property
    def parameters_schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters."""
        schema: dict[str, Any] = json.loads(self.parameters_json)
        return schema

    @property
    def ui_hints(self) -> dict[str, Any]:
        """The hints for the form, by parameter."""
        hints: dict[str, Any] = json.loads(self.ui_json)
        return hints


@dataclass(frozen=True, slots=True)
class PluginDescriptor:
    """A plugin that a worker loaded and found usable; policies and listeners in the order of its hooks.

    `graphql` has the titles of what it would add to the graph, which only a trusted plugin does.
    """

    source: PluginSource
    api_version: str
    policies: tuple[PolicyDescriptor, ...]
    graphql: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.source.name


def described(definition: PolicyDefinition) -> PolicyDescriptor:
    """What is known of a definition once it is away."""
    return PolicyDescriptor(
        key=definition.key,
        kind=definition.kind,
        title=definition.title,
        description=definition.description,
        needs=definition.needs,
        parameters_json=json.dumps(definition.parameters.model_json_schema(), ensure_ascii=False),
        ui_json=json.dumps(ui_hints(definition.parameters), ensure_ascii=False),
        topics=definition.topics if isinstance(definition, EventListener) else (),
    )


def descriptor_fault(descriptor: PluginDescriptor) -> str | None:
    """What in a descriptor that a worker sent could not be shown to anybody, in words; None where all is fine."""
    for one in descriptor.policies:
        if text_fault(one.title, one_line=True) or text_fault(one.description):
            return f"the words of policy {one.key!r} hold characters that cannot be shown"
        fault = json_fault(one.parameters_schema) or json_fault(one.ui_hints)
        if fault is not None:
            return f"parameters of policy {one.key!r}: their schema {fault[1]}"
    if any(text_fault(title, one_line=True) for title in descriptor.graphql):
        return "a title of what it would add to the graph holds characters that cannot be shown"
    return None


def plugin_descriptor(
    source: PluginSource, api_version: str, definitions: Iterable[PolicyDefinition]
) -> PluginDescriptor:
    """The descriptor of a plugin that is not trusted with the graph."""
    known = tuple(definitions)
    return PluginDescriptor(
        source,
        api_version,
        tuple(described(one) for one in known if not isinstance(one, GraphQLExtension)),
        tuple(one.title for one in known if isinstance(one, GraphQLExtension)),
    )
