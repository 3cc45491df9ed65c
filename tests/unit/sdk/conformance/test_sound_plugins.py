"""What ships with the product, and what the manual shows, passes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

import quotaloom_allocation
import quotaloom_assignment
import quotaloom_incentives
import quotaloom_reviews
from quotaloom_sdk import PolicyDefinition, hooks
from quotaloom_sdk.testing.conformance import Options, check_plugin

UNHURRIED = Options(budget=100, examples=12)
"""Time for all requests on a busy machine, too."""

PAGES = Path(__file__).parents[4] / "docs" / "plugins"


@pytest.mark.parametrize(
    ("plugin", "module", "policies"),
    [
        ("allocation", quotaloom_allocation, quotaloom_allocation.quotaloom_allocation_rules()),
        ("assignment", quotaloom_assignment, quotaloom_assignment.quotaloom_pool_policies()),
        ("incentives", quotaloom_incentives, quotaloom_incentives.quotaloom_incentive_rules()),
        ("reviews", quotaloom_reviews, quotaloom_reviews.quotaloom_review_scorers()),
    ],
    ids=["allocation", "assignment", "incentives", "reviews"],
)
def test_shipped_policies_pass(plugin: str, module: ModuleType, policies: Iterable[PolicyDefinition]) -> None:
    """Those of the product are asked in another process, too, and nothing is left unchecked."""
    report = check_plugin(plugin, module, options=UNHURRIED)
    assert report.findings == (), str(report)
    assert [(one.name, one.requests, one.notes) for one in report.policies] == [
        (plugin, 0, ()),
        *((f"{plugin}.{policy.key}", UNHURRIED.examples, ()) for policy in policies),
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
    assert report.policies[1].requests == UNHURRIED.examples
