from __future__ import annotations

import dataclasses
import pickle

import pytest

from quotaloom_sdk import Load, Need, PolicyDefinition, UnitFact
from quotaloom_sdk.hooks import DEFINITIONS
from quotaloom_sdk.needs import need_of
from quotaloom_sdk.testing import allocation_request, child, months, narrowed
from tests.unit.sdk.documented import types_of


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_kind_offers_exactly_the_needs_that_its_requests_have_fields_for(definition: type[PolicyDefinition]) -> None:
    """A need that is accepted fills something, and whatever waits for a need can be asked for."""
    fields = [field for kind in types_of(definition) for field in dataclasses.fields(kind)] if definition.offers else []
    assert {need for field in fields if (need := need_of(field))} == definition.offers


def test_what_is_not_declared_is_taken_away_however_deep() -> None:
    """A unit keeps its history and loses its load; parameters and plain facts stay."""
    load = Load(members=1, customers=2, leads=3, opportunities=4, open_amount=5)
    east = UnitFact("east", "East", "team", achieved=(300,), load=load)
    full = allocation_request(east, unit=child("all", 300), months=months(2017, 1))
    request = narrowed(full, frozenset({Need.HISTORY}))
    assert request.children == (UnitFact("east", "East", "team", achieved=(300,)),)
    assert request.unit is full.unit
    assert request.parameters is full.parameters


def test_recent_months_go_with_the_figures_of_them() -> None:
    """Who does not need what was achieved lately is told of no past months, who does has them without working days."""
    full = allocation_request(child("East", recent=(1, 2)), months=months(2017, 1))
    full = dataclasses.replace(
        full, recent_months=tuple(dataclasses.replace(one, workdays=20) for one in full.recent_months)
    )
    without = narrowed(full, frozenset({Need.HISTORY}))
    assert (without.recent_months, without.children[0].recent) == ((), ())
    within = narrowed(full, frozenset({Need.RECENT}))
    assert [(one.label, one.workdays) for one in within.recent_months] == [("2016-11", None), ("2016-12", None)]
    assert within.children == full.children


def test_requests_survive_the_way_to_a_worker() -> None:
    """A request that is pickled and read again equals the first."""
    request = allocation_request(child("East", 300), months=months(2017, 1))
    assert pickle.loads(pickle.dumps(request)) == request
