"""A policy as a company uses it, and the stamp that it leaves on its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quotaloom.policies.registry import RegisteredPolicy


@dataclass(frozen=True, slots=True)
class PolicyStamp:
    """What decided: stored with each result, so that anybody can say later why it is what it is.

    `policy` is the full key; `parameters` the JSON object in force, defaults included; `setting_revision` the
    revision of the company's setting, None where the caller gave policy and parameters himself.
    """

    plugin: str
    plugin_version: str | None
    policy: str
    parameters: Mapping[str, Any]
    setting_revision: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The stamp as a JSON object."""
        return {
            "plugin": self.plugin,
            "plugin_version": self.plugin_version,
            "policy": self.policy,
            "parameters": dict(self.parameters),
            "setting_revision": self.setting_revision,
        }


@dataclass(frozen=True, slots=True)
class SelectedPolicy:
    """A policy with parameters: those of a company's setting, or those that a trial gives.

    `parameters` is the JSON object, of which the policy makes its own model; `revision` that of the setting, None
    where there is none.
    """

    policy: RegisteredPolicy
    parameters: Mapping[str, Any]
    revision: int | None = None

    def stamp(self) -> PolicyStamp:
        """The stamp of a result."""
        plugin = self.policy.plugin
        return PolicyStamp(plugin.name, plugin.version, self.policy.key, self.parameters, self.revision)
