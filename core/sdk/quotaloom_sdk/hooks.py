"""The hooks a plugin may implement, and the markers for them.

A plugin is what an entry point of the group `quotaloom` names, usually a module. It says which plugin API it
was written for (`QUOTALOOM_API = "1.0"`) and marks its hooks with `hookimpl`. A hook is called once at start,
is not async, and returns definitions; a name that starts with `quotaloom_` and is no hook is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pluggy

from quotaloom_sdk.allocation import AllocationRule
from quotaloom_sdk.policies import PolicyDefinition

ENTRY_POINT_GROUP = "quotaloom"
"""The entry-point group that plugins register in; the entry point's name is the plugin's name."""

hookspec = pluggy.HookspecMarker("quotaloom")
hookimpl = pluggy.HookimplMarker("quotaloom")


@hookspec
def quotaloom_allocation_rules() -> Iterable[AllocationRule[Any]]:
    """The allocation rules of this plugin: how a target is split among children and over months."""
    return ()


DEFINITIONS: Mapping[str, type[PolicyDefinition]] = MappingProxyType(
    {"quotaloom_allocation_rules": AllocationRule},
)
"""Each hook and the kind of definition that it returns."""
