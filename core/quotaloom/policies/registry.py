"""Every usable policy under its full key, `plugin.key`, stamped with the plugin it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

from quotaloom.platform.errors import Path
from quotaloom.policies.discovery import Plugin
from quotaloom.policies.errors import unknown_policy
from quotaloom_sdk import PolicyDefinition

D = TypeVar("D", bound=PolicyDefinition)


@dataclass(frozen=True, slots=True)
class RegisteredPolicy(Generic[D]):
    """A policy and the plugin it came from."""

    plugin: Plugin
    definition: D

    @property
    def key(self) -> str:
        """The full key, such as `allocation.even`."""
        return f"{self.plugin.name}.{self.definition.key}"

    @property
    def parameters_schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters; what is stored is validated by the same model."""
        return self.definition.parameters.model_json_schema()


class PolicyRegistry:
    """The policies of all usable plugins, in the order of plugins and of their hooks; never changes."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        policies = (RegisteredPolicy(plugin, one) for plugin in plugins for one in plugin.policies)
        self._policies: Mapping[str, RegisteredPolicy[PolicyDefinition]] = MappingProxyType(
            {policy.key: policy for policy in policies}
        )

    def __iter__(self) -> Iterator[RegisteredPolicy[PolicyDefinition]]:
        return iter(self._policies.values())

    def __len__(self) -> int:
        return len(self._policies)

    def __contains__(self, key: object) -> bool:
        return key in self._policies

    def of_kind(self, kind: type[D]) -> tuple[RegisteredPolicy[D], ...]:
        """The policies of one kind, such as `AllocationRule`."""
        return tuple(
            RegisteredPolicy(policy.plugin, policy.definition) for policy in self if isinstance(policy.definition, kind)
        )

    @overload
    def get(self, key: str, *, path: Path = ()) -> RegisteredPolicy[PolicyDefinition]: ...

    @overload
    def get(self, key: str, kind: type[D], *, path: Path = ()) -> RegisteredPolicy[D]: ...

    def get(
        self, key: str, kind: type[PolicyDefinition] = PolicyDefinition, *, path: Path = ()
    ) -> RegisteredPolicy[Any]:
        """The policy of that full key; `InputError` UNKNOWN_POLICY at `path` where there is none of `kind`."""
        policy = self._policies.get(key)
        if policy is None or not isinstance(policy.definition, kind):
            raise unknown_policy(key, (one.key for one in self.of_kind(kind)), path)
        return policy
