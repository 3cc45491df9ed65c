from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quotaloom_sdk import (
    Explanation,
    GateResult,
    InvalidDefinition,
    InvalidResult,
    Parameters,
    StageGate,
    UnmetStandard,
)
from quotaloom_sdk.testing import gate_request

BECAUSE = Explanation("Because.")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: UnmetStandard("", "Do it."), "code of an unmet standard must be text"),
        (lambda: UnmetStandard("a", " "), "message of an unmet standard must be text"),
        (lambda: UnmetStandard("a", "Do it.", field=""), "field of an unmet standard must be text"),
        (lambda: GateResult(unmet=(UnmetStandard("a", "x"), UnmetStandard("a", "y")), explanation=BECAUSE), "twice"),
        (lambda: GateResult(unmet="a", explanation=BECAUSE), "unmet must be a tuple of UnmetStandard"),  # type: ignore[arg-type] # under test
        (lambda: GateResult(explanation=None), "explanation must be of type Explanation"),  # type: ignore[arg-type] # under test
    ],
)
def test_answer_that_nobody_could_act_on_is_refused(make: Callable[[], Any], words: str) -> None:
    """Each unmet standard has a code and words, and comes once."""
    with pytest.raises(InvalidResult, match=words):
        make()


def test_one_code_may_name_two_fields() -> None:
    """Two empty fields are two standards of one code."""
    both = (UnmetStandard("empty", "Fill it in.", "next_step"), UnmetStandard("empty", "Fill it in.", "amount"))
    assert GateResult(unmet=both, explanation=BECAUSE).unmet == both


def test_request_of_the_kit_moves_forward() -> None:
    """The plain request climbs a stage, and takes changes of its fields."""
    request = gate_request(parameters=Parameters(), next_step="Call")
    assert request.leaving.ordinal < request.entering.ordinal
    assert request.next_step == "Call"


def test_definition_checks_its_function() -> None:
    """What is to examine must be a plain function."""
    with pytest.raises(InvalidDefinition, match="examine of policy 'a' must be a function"):
        StageGate(key="a", title="T", description="D.", parameters=Parameters, examine=None)  # type: ignore[arg-type] # under test
