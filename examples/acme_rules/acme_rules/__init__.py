"""How Acme plans, pays and hands out leads, and what it shows of that in the graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from acme_rules.accelerator import ACCELERATOR
from acme_rules.graph import GRAPH
from acme_rules.potential import POTENTIAL
from acme_rules.territory import TERRITORY
from quotaloom_sdk import AllocationRule, GraphQLExtension, IncentiveRule, PoolPolicy, hookimpl

QUOTALOOM_API = "1.0"
"""The version of the plugin API that this plugin was written for."""


@hookimpl
def quotaloom_allocation_rules() -> Iterable[AllocationRule[Any]]:
    """`potential`: targets by what customers could buy."""
    return (POTENTIAL,)


@hookimpl
def quotaloom_incentive_rules() -> Iterable[IncentiveRule[Any]]:
    """`accelerator`: a commission that rises above the target, and a bonus for new customers."""
    return (ACCELERATOR,)


@hookimpl
def quotaloom_pool_policies() -> Iterable[PoolPolicy[Any]]:
    """`territory`: leads to whoever sells there and knows the product, in fair turns."""
    return (TERRITORY,)


@hookimpl
def quotaloom_graphql() -> Iterable[GraphQLExtension]:
    """`graph`: the potential of units, and how long deals have been open."""
    return (GRAPH,)
