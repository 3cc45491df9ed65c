from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import Field

from quotaloom_sdk import InvalidDefinition, Parameters, ui
from quotaloom_sdk.forms import ui_hints, undescribed


class Tuning(Parameters):
    rate: Decimal = Field(
        default=Decimal("0.05"), description="A rate.", json_schema_extra=ui(widget="percent", order=1)
    )
    days: int = Field(default=3, description="Some days.", json_schema_extra=ui(unit="days", advanced=True))
    plain: int = Field(default=0, description="Just a number.")
    bare: int = 0
    blank: int = Field(default=0, description=" ")


def test_hints_are_told_by_parameter() -> None:
    """Only what has hints is there, with the hints that were given and no others."""
    assert ui_hints(Tuning) == {
        "rate": {"widget": "percent", "order": 1},
        "days": {"unit": "days", "advanced": True},
    }


def test_hints_stand_in_the_schema_too() -> None:
    """A form that reads the JSON Schema alone finds the hints under `ui`."""
    assert Tuning.model_json_schema()["properties"]["rate"]["ui"] == {"widget": "percent", "order": 1}


def test_hint_that_hints_nothing_is_refused() -> None:
    """An empty call is a slip."""
    with pytest.raises(InvalidDefinition, match="at least one hint"):
        ui()


def test_parameters_without_words_are_found() -> None:
    """A missing description is found, and one that is blank."""
    assert undescribed(Tuning) == ("bare", "blank")
