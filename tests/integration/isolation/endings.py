"""Whether processes have ended."""

from __future__ import annotations

import asyncio

import psutil  # type: ignore[import-untyped] # it ships no types


async def gone(pids: list[int]) -> None:
    """Wait until none of these processes runs; a zombie that nobody reaps counts as gone."""
    for _ in range(100):
        if not any(running(pid) for pid in pids):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"still there: {[pid for pid in pids if running(pid)]}")


def running(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
