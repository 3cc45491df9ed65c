"""Checking a plugin in a process of its own, so that whatever it does is a finding and not the end of the check."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from quotaloom_sdk.testing.conformance.findings import CheckedPolicy, Finding, FindingKind, Report
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.processes import lines_of, started, stopped
from quotaloom_sdk.testing.conformance.sources import Source

IMPORT_SECONDS = 30.0
"""How long the import of a plugin may take."""

_THINKING_SECONDS = 120.0
"""How long the kit itself may take between two calls; more is a fault of the kit, or of the plugin's parameters."""

_HASH_SEED = "0"
_ENDING_SECONDS = 5.0


class NotInstalled(Exception):
    """The extra that checking needs is missing; the message says how to install it."""


@dataclass(slots=True)
class _Heard:
    """What the process has said: its policies, the one it is at, what that one is being asked, and results."""

    current: str
    names: tuple[str, ...] = ()
    sample: str | None = None
    checked: dict[str, CheckedPolicy] = field(default_factory=dict)
    done: bool = False

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take in one line."""
        match said:
            case {"found": names}:
                self.names = tuple(names)
            case {"checking": name}:
                self.current = name
            case {"asking": sample}:
                self.sample = sample
            case {"answered": _}:
                self.sample = None
            case {"checked": checked}:
                one = CheckedPolicy.from_json(checked)
                self.checked[one.name] = one
            case {"done": _}:
                self.done = True
            case _:
                raise RuntimeError(f"the check itself broke:\n{said.get('broken', said)}")


def check_apart(
    source: Source,
    *,
    options: Options | None = None,
    only: Collection[str] | None = None,
    import_path: tuple[str, ...] = (),
    progress: Callable[[str], object] = lambda name: None,
) -> Report:
    """Check a plugin as `check_plugin` does, in a process of its own, which imports it.

    A policy that hangs, exits or breaks the process gets a finding, and the others are checked in a new process.
    `import_path`: folders that come before this process's own import path. `progress` is told the name of each policy
    as its turn comes. Raises `NotInstalled` without hypothesis.
    """
    if find_spec("hypothesis") is None:
        raise NotInstalled("Checking a plugin needs hypothesis: pip install 'quotaloom-sdk[testing]'")
    progress(source.name)
    chosen = options or Options()
    checked: dict[str, CheckedPolicy] = {}
    left = None if only is None else list(only)
    while True:
        heard, fault = _followed(source, chosen, left, import_path, progress)
        checked |= heard.checked
        if fault is None:
            break
        checked[heard.current] = CheckedPolicy(heard.current, 0, (fault,))
        left = [name for name in heard.names if name not in checked]
        if not left:
            break
    return Report(source.name, tuple(checked.values()))


def _followed(
    source: Source,
    options: Options,
    only: list[str] | None,
    import_path: tuple[str, ...],
    progress: Callable[[str], object],
) -> tuple[_Heard, Finding | None]:
    """What one process found, and the finding that it did not come to its end, if it did not."""
    order = {
        "task": "check",
        "source": [source.name, source.value],
        "options": asdict(options),
        "only": only,
    }
    heard = _Heard(source.name)
    with tempfile.TemporaryDirectory() as folder:
        child = started(order, _HASH_SEED, import_path, HYPOTHESIS_STORAGE_DIRECTORY=folder)
        try:
            fault = _listen(child, heard, options, progress)
        finally:
            stopped(child)
    return heard, fault


def _listen(
    child: subprocess.Popen[bytes], heard: _Heard, options: Options, progress: Callable[[str], object]
) -> Finding | None:
    lines = lines_of(child)
    while not heard.done:
        before = heard.current
        try:
            line = lines.get(timeout=_patience(heard, options))
        except queue.Empty:
            return _hung(heard, options)
        if line is None:
            return _ended(heard, child)
        heard.hear(json.loads(line))
        if heard.current != before:
            progress(heard.current)
    return None


def _patience(heard: _Heard, options: Options) -> float:
    """Seconds until the process counts as hanging; a call is broken off inside it long before, if it can be."""
    if not heard.names:
        return IMPORT_SECONDS
    return _THINKING_SECONDS if heard.sample is None else 10 * max(options.seconds, 0.5)


def _hung(heard: _Heard, options: Options) -> Finding:
    if not heard.names:
        words = f"it cannot be imported within {IMPORT_SECONDS:g} seconds"
        return Finding(heard.current, FindingKind.TOO_SLOW, words)
    if heard.sample is None:
        return Finding(heard.current, FindingKind.NOT_CHECKED, "no requests could be made for it in reasonable time")
    words = f"it does not end, and cannot be broken off; a call may take {options.seconds:g} seconds"
    return Finding(heard.current, FindingKind.TOO_SLOW, words, heard.sample)


def _ended(heard: _Heard, child: subprocess.Popen[bytes]) -> Finding:
    code = _code(child)
    how = f"was killed by {_signal(-code)}" if code < 0 else f"exited with code {code}"
    when = "while it was asked" if heard.names else "while it was imported"
    return Finding(heard.current, FindingKind.PROCESS_ENDED, f"the process {how} {when}", heard.sample or "")


def _code(child: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + _ENDING_SECONDS
    while child.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    code = child.poll()
    return stopped(child) if code is None else code


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
