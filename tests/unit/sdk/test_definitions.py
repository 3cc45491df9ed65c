from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    InvalidDefinition,
    Need,
    Parameters,
    PolicyError,
)
from quotaloom_sdk.hooks import DEFINITIONS


def equally(request: AllocationRequest[Any]) -> AllocationResult:
    return AllocationResult(explanation=Explanation("Because."))


class Foreign(BaseModel):
    """A model that is no `Parameters`."""


async def later(request: object) -> None: ...


async def now_and_then(request: object) -> AsyncIterator[None]:
    yield None


def bit_by_bit(request: object) -> Iterator[None]:
    yield None


class Deferred:
    async def __call__(self, request: object) -> None: ...


def rule(**changes: Any) -> AllocationRule[Any]:
    good: dict[str, Any] = {
        "key": "potential",
        "title": "By potential",
        "description": "Who can sell more carries more.",
        "parameters": Parameters,
        "allocate": equally,
    }
    return AllocationRule(**{**good, **changes})


@pytest.mark.parametrize("key", ["a", "last_year", "top10", "a" * 64])
def test_good_key(key: str) -> None:
    """A key is lower-case letters, digits and underscores, a letter first."""
    assert rule(key=key).key == key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": ""}, "'' is no policy key"),
        ({"key": "Potential"}, "'Potential' is no policy key"),
        ({"key": "2nd"}, "'2nd' is no policy key"),
        ({"key": "by-potential"}, "'by-potential' is no policy key"),
        ({"key": "acme.potential"}, "'acme.potential' is no policy key"),
        ({"key": "potential\n"}, "is no policy key"),
        ({"key": "a" * 65}, "write up to 64 of a-z, 0-9 and _, a letter first"),
        ({"key": None}, "None is no policy key"),
        ({"title": " "}, "policy 'potential' has no title"),
        ({"description": ""}, "policy 'potential' has no description"),
        ({"description": None}, "policy 'potential' has no description"),
        ({"parameters": Foreign}, "must be a subclass of Parameters"),
        ({"parameters": Parameters()}, "must be a subclass of Parameters"),
        ({"needs": {Need.HISTORY}}, "must be a frozenset of Need"),
        ({"needs": frozenset({"history"})}, "must be a frozenset of Need"),
        ({"needs": frozenset({Need.REVIEWS})}, "needs reviews, which requests of kind 'allocation' never carry"),
        ({"allocate": 42}, "allocate of policy 'potential' must be a function, not 42"),
        ({"allocate": later}, "allocate of policy 'potential' is async"),
        ({"allocate": now_and_then}, "allocate of policy 'potential' is async"),
        ({"allocate": Deferred()}, "allocate of policy 'potential' is async"),
        ({"allocate": bit_by_bit}, "allocate of policy 'potential' yields"),
    ],
)
def test_bad_definition_says_what_is_wrong_with_it(changes: dict[str, Any], words: str) -> None:
    """A definition that could not be used is refused where it is written."""
    with pytest.raises(InvalidDefinition) as refused:
        rule(**changes)
    assert words in str(refused.value)
    assert isinstance(refused.value, PolicyError)


def test_policies_of_one_hook_share_their_kind() -> None:
    """Settings and lists tell the policies of a hook from all others by their kind."""
    assert rule().kind == AllocationRule.kind == "allocation"
    kinds = [definition.kind for definition in DEFINITIONS.values()]
    assert len(set(kinds)) == len(kinds) == 8
    assert all(kinds)


class Tuning(Parameters):
    floor: int = Field(default=0, ge=0, description="The least.")


class Careless(Parameters):
    floor: int = Field(default=-1, ge=0, description="The least.")


class Wide(Parameters):
    factor: float = Field(default=1.0, description="A factor.")


def test_parameters_are_frozen() -> None:
    """A policy cannot change what an admin set."""
    parameters = Tuning(floor=3)
    with pytest.raises(ValidationError, match="frozen"):
        parameters.floor = 4  # type: ignore[misc]  # the very mistake under test


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (Tuning, {"flor": 1}, "Extra inputs are not permitted"),
        (Careless, {}, "greater than or equal to 0"),
        (Wide, {"factor": float("nan")}, "finite number"),
        (Wide, {"factor": float("inf")}, "finite number"),
    ],
)
def test_parameters_refuse_what_would_pass_unnoticed(model: type[Parameters], given: Any, words: str) -> None:
    """Unknown names, a default outside its own bounds, NaN and infinity are refused."""
    with pytest.raises(ValidationError, match=words):
        model.model_validate(given)
