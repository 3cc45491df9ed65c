from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.policies.installing import PluginFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginFolder:
    """A folder on the import path to install plugins into."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return PluginFolder(tmp_path)
