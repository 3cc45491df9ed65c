"""Parameters that the kit asks with: what an admin could set."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from quotaloom_sdk import Parameters
from quotaloom_sdk.testing.conformance.exploring import sampled
from quotaloom_sdk.testing.conformance.parameters import parameter_source


class Grade(Enum):
    A = "a"
    B = "b"


class Tier(Parameters):
    up_to: Decimal = Field(gt=0, max_digits=9, decimal_places=2, description="Up to.")
    rate: Decimal = Field(ge=0, le=1, description="Rate.")
    below: Tier | None = Field(default=None, description="What lies below.")


class Everything(Parameters):
    """A parameter of each type that a form can show."""

    whole: int = Field(ge=2, le=10, multiple_of=2, description="w")
    exact: Decimal = Field(default=Decimal("0.5"), gt=0, lt=1, decimal_places=2, description="e")
    rough: float = Field(default=0.5, ge=0, le=1, description="r")
    switch: bool = Field(default=False, description="s")
    text: str = Field(min_length=3, max_length=5, description="t")
    code: str = Field(default="A1", pattern="^[A-Z][0-9]$", description="c")
    one_of: Literal["x", "y", 3] = Field(default="x", description="o")
    grade: Grade = Field(default=Grade.A, description="g")
    tiers: tuple[Tier, ...] = Field(default=(), max_length=3, description="t")
    pair: tuple[int, str] = Field(default=(1, "a"), description="p")
    per_key: dict[str, Annotated[int, Field(ge=0)]] = Field(default={}, max_length=2, description="p")
    per_grade: dict[Grade, Decimal] = Field(default={}, description="p")
    names: frozenset[str] = Field(default=frozenset(), description="n")
    since: date | None = Field(default=None, description="s")
    at: datetime | None = Field(default=None, description="a")
    hour: time = Field(default=time(9), description="h")
    wait: timedelta = Field(default=timedelta(days=1), description="w")
    id: UUID | None = Field(default=None, description="i")


def test_parameters_of_every_type_are_generated() -> None:
    """Required ones are given, all are within their bounds, and each takes more than its default."""
    source = parameter_source(Everything)
    assert source.sets is not None
    assert source.note == ""
    seen = [one.model for one in sampled(source.sets, 300)]
    for name, field in Everything.model_fields.items():
        values = [getattr(model, name) for model in seen]
        assert any(value != field.default for value in values), name
    assert {model.whole for model in seen if isinstance(model, Everything)} == {2, 4, 6, 8, 10}


def test_bounds_themselves_are_tried() -> None:
    """A rate from 0 to 1 is 0 and 1, too."""

    class Rate(Parameters):
        rate: Decimal = Field(default=Decimal("0.5"), ge=0, le=1, description="r")

    sets = parameter_source(Rate).sets
    assert sets is not None
    for bound in (0, 1):
        assert any(Decimal(one.given["rate"]) == bound for one in sampled(sets, 100))


def test_example_stands_for_what_cannot_be_guessed() -> None:
    """A model that takes very few values says one of them."""

    class Known(Parameters):
        word: str = Field(examples=["Rumpelstiltskin"], description="The word.")

        @field_validator("word")
        @classmethod
        def _known(cls, word: str) -> str:
            if word != "Rumpelstiltskin":
                raise ValueError("that is not it")
            return word

    source = parameter_source(Known)
    assert source.sets is not None
    assert {one.given["word"] for one in sampled(source.sets, 20)} == {"Rumpelstiltskin"}


def test_defaults_alone_are_used_where_nothing_else_is_accepted() -> None:
    """That is noted, with the reason."""

    class Stubborn(Parameters):
        word: str = Field(default="please", description="The word.")

        @model_validator(mode="after")
        def _polite(self) -> Stubborn:
            if self.word != "please":
                raise ValueError("say please")
            return self

    source = parameter_source(Stubborn)
    assert source.sets is not None
    assert {one.given["word"] for one in sampled(source.sets, 20)} == {"please"}


def test_schema_that_is_not_understood_is_noted() -> None:
    """Without a default nothing can be asked, and the note says why."""

    class Patterned(Parameters):
        code: str = Field(pattern=r"^\p{Lu}$", description="A letter of any script.")

    source = parameter_source(Patterned)
    assert source.sets is None
    assert source.note.startswith("its schema is not understood: ")


def test_what_a_validator_breaks_on_is_told() -> None:
    """Besides refusing values a validator must not raise."""

    class Broken(Parameters):
        share: int = Field(default=1, ge=0, le=3, description="s")

        @field_validator("share")
        @classmethod
        def _half(cls, share: int) -> Any:
            return share // share * share

    broken = parameter_source(Broken).broken
    assert broken is not None
    assert isinstance(broken[0], ZeroDivisionError)
    assert broken[1] == {"share": 0}
