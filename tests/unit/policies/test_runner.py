from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import Field, model_validator

from quotaloom.policies.allocating import AllocationOutcome, ask_for_weights
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.host import PolicyHost, parse_parameters
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import AllocationRequest, AllocationResult, CannotDecide, Explanation, Need, Parameters
from quotaloom_sdk.testing import allocation_request, child, months
from tests.unit.policies.registered import BECAUSE, Tuning, equally, registered, rule, weights_of

REQUEST = allocation_request(child("East", 300, 100), child("West", 100, 0), months=months(2017, 2))
"""Two children over two months."""

ONES = (Fraction(1), Fraction(1))


def run(**result: Any) -> AllocationOutcome:
    answer = AllocationResult(**{"explanation": BECAUSE, **result})
    return weights_of(registered(rule(lambda request: answer)), REQUEST)


def test_nothing_given_is_equal_for_all() -> None:
    """Without weights every child counts alike in every month, and every month alike."""
    outcome = run()
    assert outcome.months == ONES
    assert outcome.matrix == (ONES, ONES)


def test_weights_of_children_hold_in_every_month() -> None:
    """One weight per child becomes a row of that weight; Decimal, int and Fraction are all exact."""
    outcome = run(children=(Decimal("0.1"), Fraction(2, 3)), months=(1, 0))
    assert outcome.matrix == ((Fraction(1, 10), Fraction(1, 10)), (Fraction(2, 3), Fraction(2, 3)))
    assert outcome.months == (Fraction(1), Fraction(0))


def test_matrix_is_one_row_per_child() -> None:
    """A matrix arrives as it was given, rows for children and columns for months."""
    assert run(matrix=((3, 1), (0, 2))).matrix == ((Fraction(3), Fraction(1)), (Fraction(0), Fraction(2)))


def test_unit_without_children_has_an_empty_matrix() -> None:
    """A position's year is spread over months only."""
    outcome = weights_of(registered(rule()), allocation_request(months=months(2017, 2)))
    assert (outcome.months, outcome.matrix) == (ONES, ())


def test_outcome_is_stamped_with_all_that_decided() -> None:
    """Plugin, version, policy, parameters with their defaults, and the setting's revision go with the result."""
    request = allocation_request(child("East"), parameters=Tuning(steps=(2,)))
    outcome = weights_of(registered(rule(parameters=Tuning)), request, setting_revision=7)
    parameters = {"share": "0.5", "steps": [2]}
    assert outcome.stamp == PolicyStamp("acme", "1.2", "acme.rule", parameters, 7)
    assert outcome.stamp.to_json() == {
        "plugin": "acme",
        "plugin_version": "1.2",
        "policy": "acme.rule",
        "parameters": {"share": "0.5", "steps": [2]},
        "setting_revision": 7,
    }
    assert outcome.explanation == Explanation("Because.")


def seen_by(needs: frozenset[Need]) -> AllocationRequest[Any]:
    seen: list[AllocationRequest[Any]] = []

    def allocate(request: AllocationRequest[Any]) -> AllocationResult:
        seen.append(request)
        return equally(request)

    weights_of(registered(rule(allocate, needs=needs)), REQUEST)
    return seen[0]


def test_history_is_shown_only_to_rules_that_need_it() -> None:
    """A rule that declares no need sees the units without their history; one that does sees all of it."""
    blind = seen_by(frozenset())
    assert [unit.achieved for unit in (blind.unit, *blind.children)] == [(), (), ()]
    # the unit: 300 + 100 and 100 + 0
    seeing = seen_by(frozenset({Need.HISTORY}))
    assert [unit.achieved for unit in (seeing.unit, *seeing.children)] == [(400, 100), (300, 100), (100, 0)]


def test_missing_history_is_the_callers_mistake() -> None:
    """A rule that needs history is never called without it."""
    policy = registered(rule(needs=frozenset({Need.HISTORY})))
    with pytest.raises(ValueError, match="West has 0 months of history for 2 months"):
        weights_of(policy, allocation_request(child("East", 1, 1), child("West"), months=months(2017, 2)))


def test_stored_parameters_that_are_not_valid_any_more_fail() -> None:
    """A new version of a plugin may know other bounds than those that were in force when a setting was stored."""
    policy = registered(rule(parameters=Tuning))
    selected = SelectedPolicy(policy, {"share": "2", "steps": []}, 1)
    asking = ask_for_weights(PolicyHost(Discovery((policy.plugin,), ())), selected, [REQUEST], company_id=1)
    with pytest.raises(PolicyFailed, match=r"its parameters are not valid: share: .* \(given '2'\)"):
        asyncio.run(asking)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"children": (1,)}, "children has 1 entries for 2 children"),
        ({"children": (1, 2, 3)}, "children has 3 entries for 2 children"),
        ({"months": (1,)}, "months has 1 entries for 2 months"),
        ({"matrix": ((1, 1),)}, "matrix has 1 entries for 2 children"),
        ({"matrix": ((1, 1), (1,))}, "matrix[1] has 1 entries for 2 months"),
        ({"children": [1, 1]}, "children is of type list, not a tuple"),
        ({"matrix": ((1, 1), None)}, "matrix[1] is None, not a tuple"),
        ({"children": (1, -1)}, "children[1] is negative: -1"),
        ({"matrix": ((1, 1), (1, Decimal("-0.5")))}, "matrix[1][1] is negative: -0.5"),
        ({"children": (1, Decimal("NaN"))}, "children[1] is NaN, not a finite number"),
        ({"children": (1, Decimal("sNaN"))}, "children[1] is sNaN, not a finite number"),
        ({"months": (Decimal("Infinity"), 1)}, "months[0] is Infinity, not a finite number"),
        ({"children": (1, 0.5)}, "children[1] is of type float; a weight is an int, a Decimal or a Fraction"),
        ({"children": (1, float("nan"))}, "children[1] is of type float"),
        ({"children": (True, 1)}, "children[0] is of type bool"),
        ({"children": ("1", 1)}, "children[0] is of type str"),
        ({"children": (None, 1)}, "children[0] is None"),
        ({"children": (Decimal("1e999999"), 1)}, "children[0] has too many digits"),
        ({"children": (Decimal("1e-999999"), 1)}, "children[0] has too many digits"),
        ({"children": (1 << 600, 1)}, "children[0] has more than 512 bits"),
        ({"children": (Fraction(1, 1 << 600), 1)}, "children[0] has more than 512 bits"),
        ({"explanation": "Because."}, "explanation is of type str, not an Explanation"),
    ],
)
def test_bad_weights_never_leave_the_runner(result: dict[str, Any], reason: str) -> None:
    """Whatever is not finite, not negative and of the right number and type fails and names the plugin."""
    with pytest.raises(PolicyFailed) as failed:
        run(**result)
    assert (failed.value.plugin, failed.value.policy) == ("acme", "acme.rule")
    assert reason in failed.value.reason
    assert str(failed.value).startswith("policy 'acme.rule' of plugin 'acme' failed: ")


def raising(request: AllocationRequest[Any]) -> Any:
    return 1 // 0


def exiting(request: AllocationRequest[Any]) -> Any:
    raise SystemExit(1)


def interrupting(request: AllocationRequest[Any]) -> Any:
    raise KeyboardInterrupt


def cancelling(request: AllocationRequest[Any]) -> Any:
    raise asyncio.CancelledError("by the plugin")


class Mute(BaseException):
    """An error that cannot be shown."""

    def __str__(self) -> str:
        raise Mute


def silent(request: AllocationRequest[Any]) -> Any:
    raise Mute


def contradicting(request: AllocationRequest[Any]) -> Any:
    return AllocationResult(children=(1, 1), matrix=((1, 1), (1, 1)), explanation=BECAUSE)


def mutating(request: AllocationRequest[Any]) -> Any:
    request.children[0].name = "Mine"  # type: ignore[misc]  # the very mistake under test


def misinformed(request: AllocationRequest[Any]) -> Any:
    return {"children": (1, 1)}


def deferring(request: AllocationRequest[Any]) -> Any:
    return asyncio.sleep(0)


def argless() -> Any:
    return None


@pytest.mark.parametrize(
    ("allocate", "reason"),
    [
        (raising, "it raised ZeroDivisionError"),
        (exiting, "it raised SystemExit: 1"),
        (interrupting, "it raised KeyboardInterrupt: "),
        (cancelling, "it raised CancelledError: by the plugin"),
        (silent, "it raised Mute: an error that cannot be shown"),
        (contradicting, "an allocation gives children or matrix, not both"),
        (mutating, "it raised FrozenInstanceError"),
        (misinformed, "it answered with dict, not with an AllocationResult"),
        (deferring, "it answered with coroutine, not with an AllocationResult"),
        (argless, "it raised TypeError"),
    ],
)
def test_bad_policy_fails_with_the_name_of_its_plugin(allocate: Callable[..., Any], reason: str) -> None:
    """Whatever a policy raises or answers instead of a result is a failure that names plugin and policy."""
    with pytest.raises(PolicyFailed) as failed:
        weights_of(registered(rule(allocate)), REQUEST)
    assert (failed.value.plugin, failed.value.policy) == ("acme", "acme.rule")
    assert reason in failed.value.reason


def test_a_policy_may_say_why_it_cannot_decide(caplog: pytest.LogCaptureFixture) -> None:
    """Its words reach whoever asked, with its name; it has not failed, so the log says nothing."""

    def undecided(request: AllocationRequest[Any]) -> AllocationResult:
        raise CannotDecide(f"No unit below {request.unit.name} has a size.")

    with pytest.raises(PolicyUndecided) as caught:
        weights_of(registered(rule(undecided)), REQUEST)
    assert (caught.value.plugin, caught.value.policy, caught.value.code) == ("acme", "acme.rule", "POLICY_UNDECIDED")
    assert str(caught.value) == "policy 'acme.rule' cannot decide: No unit below Company has a size."
    assert caplog.records == []


def test_parameters_that_cannot_be_written_down_fail() -> None:
    """What cannot be stamped as JSON is not stored."""

    class Odd(Parameters):
        what: Any = Field(default_factory=object)

    with pytest.raises(PolicyFailed, match="PydanticSerializationError"):
        parse_parameters(registered(rule(parameters=Odd)), {})


def test_parameters_whose_validation_would_end_the_program_fail() -> None:
    """A validator that interrupts is a failure of its plugin like any other."""

    class Interrupting(Parameters):
        @model_validator(mode="after")
        def _interrupt(self) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(PolicyFailed, match="its parameters' validation raised KeyboardInterrupt"):
        parse_parameters(registered(rule(parameters=Interrupting)), {})


def test_a_stranger_cannot_change_what_others_are_given() -> None:
    """Even where it runs in the server, and goes around the frozen dataclasses."""

    def spoil(request: AllocationRequest[Any]) -> AllocationResult:
        object.__setattr__(request.children[0], "achieved", (999,))
        return equally(request)

    weights_of(registered(rule(spoil, needs=frozenset({Need.HISTORY}))), REQUEST)
    assert REQUEST.children[0].achieved == (300, 100)
