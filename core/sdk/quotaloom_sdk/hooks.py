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
from quotaloom_sdk.crediting import CreditingRule
from quotaloom_sdk.gating import StageGate
from quotaloom_sdk.graphql import GraphQLExtension
from quotaloom_sdk.incentives import IncentiveRule
from quotaloom_sdk.listening import EventListener
from quotaloom_sdk.policies import PolicyDefinition
from quotaloom_sdk.pooling import PoolPolicy
from quotaloom_sdk.reviewing import ReviewScorer

ENTRY_POINT_GROUP = "quotaloom"
"""The entry-point group that plugins register in; the entry point's name is the plugin's name."""

hookspec = pluggy.HookspecMarker("quotaloom")
hookimpl = pluggy.HookimplMarker("quotaloom")


@hookspec
def quotaloom_allocation_rules() -> Iterable[AllocationRule[Any]]:
    """The allocation rules of this plugin: how a target is split among children and over months."""
    return ()


@hookspec
def quotaloom_crediting_rules() -> Iterable[CreditingRule[Any]]:
    """The crediting rules of this plugin: who gets which share of a deal."""
    return ()


@hookspec
def quotaloom_incentive_rules() -> Iterable[IncentiveRule[Any]]:
    """The incentive rules of this plugin: which lines of a statement a member gets for a period."""
    return ()


@hookspec
def quotaloom_pool_policies() -> Iterable[PoolPolicy[Any]]:
    """The pool policies of this plugin: who gets which record of a public pool."""
    return ()


@hookspec
def quotaloom_stage_gates() -> Iterable[StageGate[Any]]:
    """The stage gates of this plugin: what must be true of a deal before it may leave a stage."""
    return ()


@hookspec
def quotaloom_review_scorers() -> Iterable[ReviewScorer[Any]]:
    """The review scorers of this plugin: which score follows from the parts of a review."""
    return ()


@hookspec
def quotaloom_event_listeners() -> Iterable[EventListener[Any]]:
    """The event listeners of this plugin: told of what has happened, after it was committed."""
    return ()


@hookspec
def quotaloom_graphql() -> Iterable[GraphQLExtension]:
    """The types and fields that this plugin adds to the graph."""
    return ()


DEFINITIONS: Mapping[str, type[PolicyDefinition]] = MappingProxyType(
    {
        "quotaloom_allocation_rules": AllocationRule,
        "quotaloom_crediting_rules": CreditingRule,
        "quotaloom_incentive_rules": IncentiveRule,
        "quotaloom_pool_policies": PoolPolicy,
        "quotaloom_stage_gates": StageGate,
        "quotaloom_review_scorers": ReviewScorer,
        "quotaloom_event_listeners": EventListener,
        "quotaloom_graphql": GraphQLExtension,
    },
)
"""Each hook and the kind of definition that it returns."""
