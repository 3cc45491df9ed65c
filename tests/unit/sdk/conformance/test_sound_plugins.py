"""What ships with the product, and what the manual shows, passes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import quotaloom_allocation
from quotaloom_sdk import hooks
from quotaloom_sdk.testing.conformance import Options, check_plugin

UNHURRIED = Options(budget=100)
"""Time for all requests on a busy machine, too."""

PAGES = Path(__file__).parents[4] / "docs" / "plugins"


def test_shipped_policies_pass() -> None:
    """Those of the product are asked in another process, too, and nothing is left unchecked."""
    report = check_plugin("allocation", quotaloom_allocation, options=UNHURRIED)
    assert report.findings == (), str(report)
    assert [(one.name, one.requests, one.notes) for one in report.policies] == [
        ("allocation", 0, ()),
        *((f"allocation.{rule.key}", 100, ()) for rule in quotaloom_allocation.quotaloom_allocation_rules()),
    ]


@pytest.mark.parametrize("hook", hooks.DEFINITIONS)
def test_plugins_of_the_manual_pass(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner may copy them."""
    text = (PAGES / f"{hook}.md").read_text(encoding="utf-8")
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "QUOTALOOM_API" in block)
    module = ModuleType("acme_rules")
    monkeypatch.setitem(sys.modules, "acme_rules", module)
    exec(source, vars(module))
    report = check_plugin("acme", module, options=UNHURRIED)
    assert report.findings == (), str(report)
    assert report.policies[1].requests == 100
