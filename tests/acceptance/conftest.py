from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.policies.installing import PluginFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginFolder:
    """A folder on the import path of this process and of workers to install plugins into."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    monkeypatch.syspath_prepend(str(plugins))
    return PluginFolder(plugins)
