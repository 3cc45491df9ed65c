"""Processes of their own for a plugin that is checked: with an order of sets that is known, and stopped as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

_BEGIN = """
import json, sys
order = json.loads(sys.stdin.buffer.readline())
sys.path[:] = order["path"]
sys.argv[:] = ["quotaloom-check"]
from quotaloom_sdk.testing.conformance.child import main
main(order)
"""

_GIVEN = {"PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Beside the environment: what keeps libraries from starting threads, each of which takes memory."""


def started(
    order: Mapping[str, Any], hash_seed: str, import_path: tuple[str, ...] = (), **environment: str
) -> subprocess.Popen[bytes]:
    """A process that carries out the order and answers on its output; what a plugin prints there goes nowhere."""
    path = [*import_path, *(os.path.abspath(entry) for entry in sys.path)]
    child = subprocess.Popen(
        [sys.executable, "-c", _BEGIN],
        env={**os.environ, **_GIVEN, "PYTHONHASHSEED": hash_seed, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(json.dumps({**order, "path": path}).encode() + b"\n")
        child.stdin.flush()
    return child


def lines_of(child: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    """The lines that it says, as they come, and None at the end."""
    lines: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
    return lines


def first_line(child: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """The first line that it says, empty where it ends without any; None if it takes too long."""
    try:
        return lines_of(child).get(timeout=seconds) or b""
    except queue.Empty:
        return None


def _read(output: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    with contextlib.suppress(ValueError, OSError):  # it is closed once nobody listens any more
        for line in output:
            lines.put(line)
    lines.put(None)


def stopped(child: subprocess.Popen[bytes]) -> int:
    """Its exit code, once it and whatever it started have ended, for which they are killed."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    code = child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    return code
