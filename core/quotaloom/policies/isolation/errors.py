"""What can go wrong with a plugin in a worker; each error names the plugin, and nothing was stored."""

from __future__ import annotations

from datetime import datetime

from quotaloom.policies.errors import PolicyFailed


class PolicyTimedOut(PolicyFailed):
    """No answer by the deadline, which counts from the call, or too much time on the processor."""

    code = "POLICY_TIMED_OUT"


class PolicyCrashed(PolicyFailed):
    """The worker's process ended in the middle of the call."""

    code = "POLICY_CRASHED"


class PolicyOutOfMemory(PolicyFailed):
    """The policy wanted more memory than a worker may have."""

    code = "POLICY_OUT_OF_MEMORY"


class PluginFailed(PolicyFailed):
    """Something about the plugin as a whole, whichever policy was asked for; `policy` may be empty."""

    def __str__(self) -> str:
        return f"plugin {self.plugin!r}: {self.reason}"


class PluginBusy(PluginFailed):
    """As many calls as may wait are waiting, or the deadline passed before the plugin had its time; try later."""

    code = "PLUGIN_BUSY"


class PluginUnavailable(PluginFailed):
    """The plugin cannot be used: it is unknown here, or does not come up in a worker."""

    code = "PLUGIN_UNAVAILABLE"


class PluginSuspended(PluginFailed):
    """After repeated failures the company's calls of the plugin are refused until `until`; then one probes it."""

    code = "PLUGIN_SUSPENDED"

    def __init__(self, plugin: str, policy: str, reason: str, until: datetime | None = None) -> None:
        super().__init__(plugin, policy, reason)
        self.until = until


class WorkersClosed(RuntimeError):
    """The workers are shut down, or are being shut down; nothing can be called any more."""
