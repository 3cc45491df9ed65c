"""Plugins for tests: real modules and real distribution metadata in a folder on the import path."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from textwrap import dedent

from quotaloom.platform.allowing import AllowList
from quotaloom.policies.discovery import Discovery, discover

GOOD = """
    from quotaloom_sdk import AllocationResult, AllocationRule, Explanation, Parameters, hookimpl

    QUOTALOOM_API = "1.0"

    def rule(key, allocate=lambda request: AllocationResult(explanation=Explanation("Because."))):
        return AllocationRule(
            key=key, title="Title", description="Words.", parameters=Parameters, allocate=allocate
        )

    @hookimpl
    def quotaloom_allocation_rules():
        yield rule("first")
        yield rule("second")
"""
"""A plugin without fault that ships two policies."""

NO_HOOK = GOOD.split("@hookimpl")[0]
"""The same without its hook: tests add one."""


class PluginFolder:
    """Installs plugins into `path`, which must be on the import path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def install(
        self, source: str, name: str = "acme", distribution: str = "acme-rules", version: str = "1.2"
    ) -> EntryPoint:
        """Write a module with `source` and a distribution whose entry point `name` names the module."""
        number = len(list(self._path.iterdir()))
        module = f"{self._path.name.replace('-', '_')}_{number}"
        (self._path / f"{module}.py").write_text(dedent(source), encoding="utf-8")
        metadata = self._path / f"{module}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (metadata / "entry_points.txt").write_text(f"[quotaloom]\n{name} = {module}\n")
        (entry_point,) = Distribution.at(metadata).entry_points
        return entry_point


def load(entry_points: Iterable[EntryPoint], strict: bool = False) -> Discovery:
    """What is discovered where every plugin is trusted, and so loaded in this process."""
    found = list(entry_points)
    return discover(found, allowed=AllowList(named={one.name: True for one in found}), strict=strict)


def with_hook(source: str) -> str:
    """The source of a plugin that has API version and imports, and this hook."""
    return dedent(NO_HOOK) + dedent(source)
