"""Partners' projects in folders of their own."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sdk.conformance.faulty_plugins import module_text

PYPROJECT = """
[project]
name = "acme-rules"
version = "1.2"

[project.entry-points.quotaloom]
acme = "acme_rules"

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["{root}"]
quotaloom_plugin = "acme = acme_rules"
quotaloom_examples = "10"
quotaloom_seconds = "0.5"
"""

SOUND = module_text(
    """
    @hookimpl
    def quotaloom_allocation_rules():
        yield rule(even, key="even")
        yield rule(even, key="likewise")
    """
)
"""A plugin without fault."""

HALF_SOUND = module_text(
    """
    def backwards(request):
        return weights(*(-1 for _ in request.children))

    @hookimpl
    def quotaloom_allocation_rules():
        yield rule(even, key="even")
        yield rule(backwards, key="backwards")
    """
)
"""A plugin of which one policy is good."""


def project(folder: Path, source: str, root: str = "src") -> Path:
    """The folder of a project whose module is in `root`, with a test of its own."""
    (folder / root).mkdir(exist_ok=True)
    (folder / root / "acme_rules.py").write_text(source, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT.format(root=root), encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_own.py").write_text("def test_own():\n    assert True\n", encoding="utf-8")
    return folder
