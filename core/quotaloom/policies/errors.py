"""Errors of plugins and policies; what a caller can mend is an `InputError`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from quotaloom.platform.errors import InputError, Path
from quotaloom_sdk.texts import cleaned


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A plugin that is installed but not used, and why. Distribution and version are None where unknown.

    `meant` is False for one that the operator has left out.
    """

    name: str
    distribution: str | None
    version: str | None
    reason: str
    meant: bool = True

    def __str__(self) -> str:
        source = f" ({self.distribution} {self.version})" if self.distribution else ""
        return f"plugin {self.name!r}{source}: {self.reason}"


class PluginsRefused(Exception):
    """In strict mode, at least one plugin cannot be used, so nothing starts; carries `quarantined`."""

    def __init__(self, quarantined: Sequence[Quarantined]) -> None:
        self.quarantined = tuple(quarantined)
        lines = "".join(f"\n- {one}" for one in quarantined)
        super().__init__(f"plugins that cannot be used; mend or uninstall them, or leave strict mode:{lines}")


class PolicyFailed(Exception):
    """A policy of a plugin raised or answered with something that must not be stored; nothing was stored.

    `plugin` is the plugin's name and `policy` the full key, such as `allocation.even`. `code` tells callers the kind.
    `reason` is shortened, and has no character that could not be shown, stored or sent.
    """

    code: ClassVar[str] = "POLICY_FAILED"

    def __init__(self, plugin: str, policy: str, reason: str) -> None:
        words = cleaned(reason)
        super().__init__(plugin, policy, words)
        self.plugin = plugin
        self.policy = policy
        self.reason = words

    def __str__(self) -> str:
        return f"policy {self.policy!r} of plugin {self.plugin!r} failed: {self.reason}"


class PolicyUndecided(PolicyFailed):
    """A policy says in its own words why it cannot decide; it has not failed, and nothing was stored."""

    code = "POLICY_UNDECIDED"

    def __str__(self) -> str:
        return f"policy {self.policy!r} cannot decide: {self.reason}"


def unknown_policy(given: str, known: Iterable[str], path: Path = ()) -> InputError:
    """The `InputError` UNKNOWN_POLICY, which names what there is."""
    names = sorted(known)
    listed = ", ".join(names) or "none"
    near = get_close_matches(given, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return InputError("UNKNOWN_POLICY", f"There is no such policy: {given[:60]!r}.{hint} Installed: {listed}.", path)
