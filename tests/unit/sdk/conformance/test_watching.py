from __future__ import annotations

import sys
from pathlib import Path

import pytest

from quotaloom_sdk.testing.conformance import Options, check_plugin
from tests.unit.sdk.conformance.faulty_plugins import imported, module_text, written

HARMLESS = {
    "imports a module that reads a file": """
        def allocate(request):
            sys.modules.pop("lazily_read", None)
            import lazily_read
            return even(request)
        """,
    "shows a traceback, which reads the source": """
        import linecache, traceback

        def allocate(request):
            linecache.clearcache()
            try:
                raise ValueError
            except ValueError:
                traceback.format_exc()
            return even(request)
        """,
    "knows time zones": """
        import zoneinfo

        def allocate(request):
            zone = zoneinfo.ZoneInfo.no_cache("Asia/Shanghai")
            return weights(*(datetime.datetime(2017, 3, 15, tzinfo=zone).day for _ in request.children))
        """,
    "logs, with the time": """
        import logging

        def allocate(request):
            logging.getLogger("acme_rules").warning("asked")
            return even(request)
        """,
    "warns": """
        import warnings

        def allocate(request):
            warnings.warn("old", DeprecationWarning)
            return even(request)
        """,
    "has chance of its own, from a seed": """
        def allocate(request):
            chance = random.Random(7)
            return weights(*(chance.randint(1, 9) for _ in request.children))
        """,
    "measures its own speed": """
        def allocate(request):
            time.perf_counter()
            return even(request)
        """,
    "makes a socket and uses it for nothing": """
        def allocate(request):
            socket.socket().close()
            return even(request)
        """,
    "keeps a database in memory": """
        import sqlite3

        def allocate(request):
            sqlite3.connect(":memory:").close()
            return even(request)
        """,
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_what_harms_nobody_is_not_told(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports, tracebacks, time zones and logs may read files and the clock; the rule passes."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # as for whoever sets nothing: imports are cached in files
    (tmp_path / "lazily_read.py").write_text("with open(__file__) as lines:\n    TEXT = lines.read()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = imported(written(tmp_path, module_text(source)))
    report = check_plugin("acme", plugin, options=Options(examples=10))
    assert report.findings == (), str(report)


def test_nothing_is_prevented_between_calls(tmp_path: Path) -> None:
    """Once a check has ended, this process opens files as before."""
    path = written(tmp_path, module_text("allocate = even"))
    check_plugin("acme", imported(path), options=Options(examples=2))
    assert path.read_text(encoding="utf-8")
