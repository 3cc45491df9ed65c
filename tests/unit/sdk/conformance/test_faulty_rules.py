from __future__ import annotations

from pathlib import Path

import pytest

from quotaloom_sdk.testing.conformance import FindingKind, Options, check_plugin
from tests.unit.sdk.conformance.faulty_others import OTHERS
from tests.unit.sdk.conformance.faulty_plugins import RULES, Faulty, imported, written

OPTIONS = Options(seconds=0.2, examples=30, budget=20)
ALONE = {name: rule for name, rule in RULES.items() if name != "sets in any order"}


@pytest.mark.parametrize("faulty", ALONE.values(), ids=ALONE)
def test_fault_is_found_and_no_other(faulty: Faulty, tmp_path: Path) -> None:
    """A rule with one fault has findings of that kind alone, in plain words, with the request that shows it."""
    report = check_plugin("acme", imported(written(tmp_path, faulty.text)), options=OPTIONS)
    assert {finding.kind for finding in report.findings} == {faulty.kind}, str(report)
    assert faulty.words in report.findings[0].message
    assert {finding.policy for finding in report.findings} == {"acme.rule"}
    about_requests = faulty.kind not in (FindingKind.NO_DESCRIPTION, FindingKind.NOT_CHECKED)
    assert bool(report.findings[0].sample) == about_requests


@pytest.mark.parametrize("faulty", OTHERS.values(), ids=OTHERS)
def test_fault_of_other_kinds_is_found_and_no_other(faulty: Faulty, tmp_path: Path) -> None:
    """Policies of every kind, listeners and fields are asked what the product may ask, and judged alike."""
    report = check_plugin("acme", imported(written(tmp_path, faulty.text)), options=OPTIONS)
    assert {finding.kind for finding in report.findings} == {faulty.kind}, str(report)
    assert any(faulty.words in finding.message for finding in report.findings), str(report)
