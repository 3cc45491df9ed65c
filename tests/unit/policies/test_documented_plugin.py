from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.verdicts import model_of
from quotaloom_sdk.testing import allocation_request, child, months
from tests.unit.policies.installing import PluginFolder, load
from tests.unit.policies.registered import weights_of

PAGE = Path(__file__).parents[3] / "docs" / "plugins" / "quotaloom_allocation_rules.md"


def test_plugin_of_the_manual_runs_from_entry_point_to_outcome(folder: PluginFolder) -> None:
    """What a partner copies from the manual is found, registered, parameterized, run and stamped."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (source,) = (block for block in blocks if "QUOTALOOM_API" in block)
    registry = PolicyRegistry(load([folder.install(source)], strict=True).plugins)
    policy = registry.get("acme.by_year")
    assert policy.definition is not None
    request = allocation_request(
        child("East", 300, 100),
        child("New", 0, 0),
        months=months(2018, 2),
        parameters=model_of(policy.definition, {"least": 50}),
    )
    outcome = weights_of(policy, request, setting_revision=3)
    assert outcome.matrix == ((Fraction(400), Fraction(400)), (Fraction(50), Fraction(50)))
    assert outcome.months == (Fraction(1), Fraction(1))
    assert outcome.stamp.to_json() == {
        "plugin": "acme",
        "plugin_version": "1.2",
        "policy": "acme.by_year",
        "parameters": {"least": "50"},
        "setting_revision": 3,
    }
