from __future__ import annotations

import pytest
from pydantic import ValidationError

from quotaloom_assignment.performance import PERFORMANCE, PerformanceParameters
from quotaloom_sdk import CandidateFact, LineFact
from tests.unit.plugins.handing import candidate, counts, handed, records


def selling(name: str, achieved: int, target: int | None, metric: str = "revenue") -> CandidateFact:
    return candidate(name, lines=(LineFact(metric, achieved, target),))


def test_who_is_further_gets_more() -> None:
    """Ann is at 150 percent, Bob at 50: of eight Ann gets six."""
    people = [selling("ann", 150_00, 100_00), selling("bob", 50_00, 100_00)]
    assert counts(handed(PERFORMANCE, records(8), people)) == {"ann": 6, "bob": 2}


def test_nobody_weighs_less_than_the_least_or_more_than_the_most() -> None:
    """At 900 percent as at 200, at nothing as at 50: 2 to 0.5; who has no target weighs the least too."""
    people = [selling("ann", 900, 100), selling("bob", 0, 100), selling("cora", 40, None)]
    assert counts(handed(PERFORMANCE, records(6), people)) == {"ann": 4, "bob": 1, "cora": 1}


def test_another_metric_may_count() -> None:
    """Orders; who has none of that metric weighs the least."""
    people = [selling("ann", 2, 1, "orders"), selling("bob", 9, 1)]
    assert counts(handed(PERFORMANCE, records(5), people, metric="orders")) == {"ann": 4, "bob": 1}


def test_the_least_is_not_above_the_most() -> None:
    """It says which is which."""
    with pytest.raises(ValidationError, match="least, 3, is above most, 2"):
        PerformanceParameters(least=3)
