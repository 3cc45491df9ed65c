"""Every usable policy under its full key, `plugin.key`, stamped with the plugin it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from quotaloom.platform.errors import Path
from quotaloom.policies.discovery import Origin, Plugin
from quotaloom.policies.errors import Quarantined, unknown_policy
from quotaloom.policies.isolation.descriptors import PolicyDescriptor
from quotaloom_sdk import Need, PolicyDefinition

ESSENTIAL = frozenset({"allocation.even", "reviews.weighted_score"})
"""What the product cannot live without, and no company can switch off.

There is always a way to split a target, and one to score a review.
"""


def plugin_of(key: str) -> str:
    """The plugin of a policy by its full key."""
    return key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class RegisteredPolicy:
    """A policy and the plugin it came from."""

    plugin: Plugin
    descriptor: PolicyDescriptor

    @property
    def key(self) -> str:
        """The full key, such as `allocation.even`."""
        return f"{self.plugin.name}.{self.descriptor.key}"

    @property
    def kind(self) -> str:
        """What it decides, such as `allocation`."""
        return self.descriptor.kind

    @property
    def needs(self) -> frozenset[Need]:
        """The inputs that it must be given."""
        return self.descriptor.needs

    @property
    def parameters_schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters; what is stored is validated by the same model."""
        return self.descriptor.parameters_schema

    @property
    def definition(self) -> PolicyDefinition | None:
        """The definition itself where the plugin runs in the server, None where it runs in workers."""
        return None if self.plugin.definitions is None else self.plugin.definitions[self.descriptor.key]

    @property
    def essential(self) -> bool:
        """Whether no company can switch it off."""
        return self.plugin.origin is Origin.BUILT_IN and self.key in ESSENTIAL


class PolicyRegistry:
    """The policies of all usable plugins, in the order of plugins and of their hooks; never changes.

    `quarantined` tells why a plugin that somebody may ask for is not among them.
    """

    def __init__(self, plugins: Iterable[Plugin], quarantined: Iterable[Quarantined] = ()) -> None:
        policies = (RegisteredPolicy(plugin, one) for plugin in plugins for one in plugin.policies)
        self._policies: Mapping[str, RegisteredPolicy] = MappingProxyType({policy.key: policy for policy in policies})
        self._quarantined = {one.name: one.reason for one in quarantined}

    def __iter__(self) -> Iterator[RegisteredPolicy]:
        return iter(self._policies.values())

    def __len__(self) -> int:
        return len(self._policies)

    def __contains__(self, key: object) -> bool:
        return key in self._policies

    def find(self, key: str) -> RegisteredPolicy | None:
        """The policy of that full key, if there is one."""
        return self._policies.get(key)

    def of_kind(self, kind: str) -> tuple[RegisteredPolicy, ...]:
        """The policies of one kind, such as `allocation`."""
        return tuple(policy for policy in self if policy.kind == kind)

    def get(self, key: str, kind: str | None = None, *, path: Path = ()) -> RegisteredPolicy:
        """The policy of that full key; `InputError` UNKNOWN_POLICY at `path` where there is none of `kind`."""
        policy = self._policies.get(key)
        if policy is None or kind not in (None, policy.kind):
            known = (one.key for one in self if kind in (None, one.kind))
            raise unknown_policy(key, known, path)
        return policy

    def why_missing(self, key: str) -> str:
        """Why there is no policy of that key: its plugin is put aside, not installed, or has it no more."""
        plugin = plugin_of(key)
        if plugin in self._quarantined:
            return f"its plugin {plugin!r} is put aside: {self._quarantined[plugin]}"
        if any(policy.plugin.name == plugin for policy in self):
            return f"the plugin {plugin!r} that is installed has no such policy"
        return f"its plugin {plugin!r} is not installed"
