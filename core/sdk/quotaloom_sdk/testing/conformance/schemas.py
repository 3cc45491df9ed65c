"""JSON values that a JSON Schema allows, as pydantic writes it: what an admin could enter in the form.

Not everything that can be written in a schema is understood; whoever uses the values validates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quotaloom_sdk.testing.conformance.values import days, instants, names

Schema = Mapping[str, Any]

_REFERENCE = "#/$defs/"
_FAR = 10**9
_MOST_ITEMS = 4

_WORDS = st.text(st.sampled_from("abcXYZ 0189_-.'\"é华🚀"), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)


def json_values(schema: Schema) -> SearchStrategy[Any]:
    """Values of the schema, which has its definitions beside it under `$defs`."""
    return _Values(schema.get("$defs", {})).of(schema)


class _Values:
    """Values of schemas that refer to `definitions`, of which each is looked at once."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._known: dict[str, SearchStrategy[Any]] = {}

    def of(self, schema: Schema) -> SearchStrategy[Any]:
        """Values of one schema; its examples, where it has some, come up often."""
        found = self._generated(schema)
        examples = schema.get("examples")
        return st.one_of(st.sampled_from(examples), found) if isinstance(examples, list) and examples else found

    def _generated(self, schema: Schema) -> SearchStrategy[Any]:
        if "$ref" in schema:
            return self._referred(schema["$ref"])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if several:
            exact = _decimals(several)
            return st.one_of(*map(self.of, several)) if exact is None else exact
        return self._typed(schema)

    def _referred(self, reference: str) -> SearchStrategy[Any]:
        name = reference.removeprefix(_REFERENCE)
        if name not in self._known:
            self._known[name] = st.deferred(lambda: self.of(self._definitions[name]))
        return self._known[name]

    def _typed(self, schema: Schema) -> SearchStrategy[Any]:
        match schema.get("type"):
            case "integer":
                return _integers(schema)
            case "number":
                return _numbers(schema).map(float)
            case "boolean":
                return st.booleans()
            case "null":
                return st.none()
            case "string":
                return _texts(schema)
            case "array":
                return self._arrays(schema)
            case "object":
                return self._objects(schema)
            case _:
                return st.one_of(st.none(), st.integers(-5, 5), names)

    def _arrays(self, schema: Schema) -> SearchStrategy[list[Any]]:
        if "prefixItems" in schema:
            return st.tuples(*map(self.of, schema["prefixItems"])).map(list)
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", least + _MOST_ITEMS), least + _MOST_ITEMS)
        unique = repr if schema.get("uniqueItems") else None
        return st.lists(self.of(schema.get("items", {})), min_size=least, max_size=most, unique_by=unique)

    def _objects(self, schema: Schema) -> SearchStrategy[dict[str, Any]]:
        if "properties" in schema:
            fields = {name: self.of(one) for name, one in schema["properties"].items()}
            return _entries(fields, frozenset(schema.get("required", ())))
        named = self.of(schema.get("propertyNames", {"type": "string"}))
        further = schema.get("additionalProperties", {})
        least = schema.get("minProperties", 0)
        values = self.of(further if isinstance(further, Mapping) else {})
        most = min(schema.get("maxProperties", least + _MOST_ITEMS), least + _MOST_ITEMS)
        return st.dictionaries(named, values, min_size=least, max_size=most)


@st.composite
def _entries(draw: DrawFn, fields: Mapping[str, SearchStrategy[Any]], required: frozenset[str]) -> dict[str, Any]:
    """What is required, and often the rest."""
    chosen = {}
    for name, values in fields.items():
        left_out = draw(st.integers(0, 3)) == 0 if name not in required else False
        if not left_out:
            chosen[name] = draw(values)
    return chosen


def _decimals(several: list[Schema]) -> SearchStrategy[str] | None:
    """Exact decimals as text, where the schema takes a number as a number or as text."""
    if {one.get("type") for one in several} - {"null"} != {"number", "string"}:
        return None
    (bounds,) = [one for one in several if one.get("type") == "number"]
    return _numbers(bounds).map(str)


@st.composite
def _numbers(draw: DrawFn, bounds: Schema) -> Decimal:
    """A number within the bounds with up to six decimal places, often a bound itself."""
    places = draw(st.sampled_from((0, 2, 1, 4, 6)))
    unit = Decimal(1).scaleb(-places)
    step = Decimal(str(bounds.get("multipleOf", unit)))
    lowest, highest = _range(bounds, step)
    return Decimal(draw(st.one_of(st.sampled_from((lowest, highest)), st.integers(lowest, highest)))) * step


def _integers(bounds: Schema) -> SearchStrategy[int]:
    step = Decimal(str(bounds.get("multipleOf", 1)))
    lowest, highest = _range(bounds, step)
    return st.one_of(st.integers(lowest, highest), st.sampled_from((lowest, highest))).map(lambda n: int(n * step))


def _range(bounds: Schema, step: Decimal) -> tuple[int, int]:
    """The lowest and the highest multiple of `step` within the bounds, one of which may be open."""
    above, below = bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")
    least, most = bounds.get("minimum", above), bounds.get("maximum", below)
    if least is None and most is None:
        return -_FAR, _FAR
    lowest = -_FAR if least is None else _steps(least, step, ROUND_CEILING)
    highest = _FAR if most is None else _steps(most, step, ROUND_FLOOR)
    if above is not None and lowest * step <= Decimal(str(above)):
        lowest += 1
    if below is not None and highest * step >= Decimal(str(below)):
        highest -= 1
    if least is None:
        lowest = highest - _FAR
    elif most is None:
        highest = lowest + _FAR
    return min(lowest, highest), max(lowest, highest)


def _steps(bound: float, step: Decimal, rounding: str) -> int:
    return int((Decimal(str(bound)) / step).to_integral_value(rounding))


def _texts(schema: Schema) -> SearchStrategy[str]:
    match schema.get("format"):
        case "date":
            return days.map(lambda day: day.isoformat())
        case "date-time":
            return instants.map(lambda instant: instant.isoformat())
        case "time":
            return instants.map(lambda instant: instant.time().isoformat())
        case "duration":
            return st.integers(0, 1000).map(lambda hours: f"PT{hours}H")
        case "uuid":
            return st.uuids().map(str)
        case "email":
            return st.sampled_from(("ann@example.com", "bob+sales@example.org"))
        case "uri":
            return st.sampled_from(("https://example.com/", "https://example.org/a?b=c"))
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if "pattern" in schema:
        pattern: str = schema["pattern"]
        return st.from_regex(pattern).filter(lambda text: least <= len(text) <= (most or len(text)))
    longest = max(least, 20) if most is None else min(most, max(least, 20))
    if least <= 1 and longest == 20:
        return st.one_of(_WORDS, names)
    alphabet = st.sampled_from("abcXYZ019é华🚀")
    return st.text(alphabet, min_size=max(least, min(1, longest)), max_size=longest)
