"""What the process of a check does: it carries out one order and says on its output what comes of it, a line each."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from quotaloom_sdk.testing.conformance.checking import checked_policies, loaded_definitions
from quotaloom_sdk.testing.conformance.options import MEGABYTE, Options
from quotaloom_sdk.testing.conformance.sources import Source

Say = Callable[[object], None]


def main(order: Mapping[str, Any]) -> None:
    """Carry out the order; ends at once when the process that gave it does."""
    say = _private_output()
    threading.Thread(target=_end_with_input, args=(_private_input(),), daemon=True).start()
    source = Source(*order["source"])
    if order["task"] == "check":
        _check(source, order, say)
    else:
        from quotaloom_sdk.testing.conformance.repeating import answer_again

        say(answer_again(dict(order), loaded_definitions(source)))


class _Telling:
    """A witness that says everything it is told."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def found(self, names: tuple[str, ...]) -> None:
        """Which policies there are."""
        self._say({"found": names})

    def checking(self, name: str) -> None:
        """Which one is next."""
        self._say({"checking": name})

    def asking(self, sample: str) -> None:
        """What it is asked."""
        self._say({"asking": sample})

    def answered(self) -> None:
        """That it has answered."""
        self._say({"answered": True})


def _check(source: Source, order: Mapping[str, Any], say: Say) -> None:
    options = Options(**order["options"])
    try:
        import hypothesis  # noqa: F401 # its memory is not the plugin's

        _bound_memory(options.memory * MEGABYTE)
        only = None if order["only"] is None else frozenset(order["only"])
        for checked in checked_policies(source.name, source.load, source, options, only, _Telling(say)):
            say({"checked": checked.to_json()})
        say({"done": True})
    except Exception:
        say({"broken": traceback.format_exc()})


def _private_output() -> Say:
    """Where only we can write: what a plugin prints goes nowhere."""
    handle = os.dup(1)
    _redirect(1, os.O_WRONLY)

    def say(what: object) -> None:
        line = json.dumps(what).encode() + b"\n"
        while line:
            line = line[os.write(handle, line) :]

    return say


def _private_input() -> int:
    """What only we can read, and a plugin finds empty: it ends with the process that started us."""
    handle = os.dup(0)
    _redirect(0, os.O_RDONLY)
    return handle


def _redirect(handle: int, mode: int) -> None:
    nowhere = os.open(os.devnull, mode)
    os.dup2(nowhere, handle)
    os.close(nowhere)


def _end_with_input(handle: int) -> None:
    while os.read(handle, 1024):
        pass
    os._exit(0)


def _bound_memory(memory: int) -> None:
    """Bound the address space to what is in use now and `memory` more; only Linux says what is in use."""
    if sys.platform != "linux":
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as sizes:
        in_use = int(sizes.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, in_use + memory))
