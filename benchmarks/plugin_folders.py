"""Plugins as pip would leave them in a folder."""

from __future__ import annotations

from pathlib import Path

from quotaloom.policies.isolation.descriptors import PluginSource

MODULE = """
from quotaloom_sdk import AllocationResult, AllocationRule, Explanation, Parameters, hookimpl

QUOTALOOM_API = "1.0"

def even(request):
    return AllocationResult(explanation=Explanation("Every unit and every month counts alike."))

@hookimpl
def quotaloom_allocation_rules():
    yield AllocationRule(key="even", title="Even", description="Alike.", parameters=Parameters, allocate=even)
"""


def sources(count: int) -> list[PluginSource]:
    """So many plugins, each of its own distribution."""
    return [PluginSource(f"plugin_{n}", f"bench_plugin_{n}", f"bench-plugin-{n}", "1.0") for n in range(count)]


def install(folder: Path, count: int) -> Path:
    """Write modules and metadata of so many plugins into a new folder."""
    folder.mkdir()
    for source in sources(count):
        (folder / f"{source.value}.py").write_text(MODULE)
        metadata = folder / f"{source.value}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {source.distribution}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[quotaloom]\n{source.name} = {source.value}\n")
    return folder
