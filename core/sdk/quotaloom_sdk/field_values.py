"""Which types a plugin's fields of the graph may have, and their answers checked against them.

The product checks what it shows, the conformance kit what it is answered. Strawberry is imported only where a field
has a type of the plugin's own.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Union, get_args, get_origin

from quotaloom_sdk.errors import InvalidDefinition, InvalidResult, NotFinite, WrongType
from quotaloom_sdk.exactness import require_bounded
from quotaloom_sdk.texts import require_storable, shown

Shown = Callable[[Any], Any]
"""A plugin's value as the graph shows it. Raises `InvalidResult` for one of another type."""

SCALARS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    str: "a text",
    Decimal: "a finite Decimal",
    date: "a date",
    datetime: "a datetime with a time zone",
}
"""What a field may hold besides the plugin's own types, in words."""

_INT_BITS = 31  # of GraphQL's Int


def graph_type(given: object, own: tuple[type[Any], ...]) -> Any:
    """The annotation of a field that says `given`: nullable, whatever it says, and items of lists as they say.

    Raises `InvalidDefinition`.
    """
    return _checked(given, own) | None


def _checked(given: object, own: tuple[type[Any], ...]) -> Any:
    inner = _without_none(given)
    if get_origin(inner) is list:
        (element,) = get_args(inner)
        item = _checked(element, own)
        return list[item if _without_none(element) is element else item | None]  # type: ignore[misc] # made at run time
    if inner in SCALARS or inner in own:
        return inner
    raise InvalidDefinition(
        f"type {_name(given)} is not possible: use {', '.join(kind.__name__ for kind in SCALARS)}, a type of the"
        " extension, or a list of these"
    )


def _without_none(given: object) -> Any:
    if get_origin(given) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(given) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else given
    return given


def shown_as(kind: Any, own: tuple[type[Any], ...]) -> Shown:
    """How values of a field's type are shown, as it was written or as Strawberry has it. Raises `InvalidDefinition`."""
    return _Shapes(own).of(kind)


class _Shapes:
    """One function per type of the extension, so that types may name each other."""

    def __init__(self, own: tuple[type[Any], ...]) -> None:
        self._own = own
        self._rows: dict[type[Any], Shown] = {}

    def of(self, kind: Any) -> Shown:
        """How values of that type are shown."""
        kind = _without_none(kind)
        if get_origin(kind) is list:
            (element,) = get_args(kind)
            return _nullable(_list_of(self._item(element)))
        if kind in SCALARS:
            return _nullable(_scalar(kind))
        if kind in self._own:
            return _nullable(self._row(kind))
        return self._wrapped(kind)

    def _wrapped(self, kind: Any) -> Shown:
        """The same for what Strawberry makes of a type."""
        from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional

        if isinstance(kind, StrawberryOptional):
            return self.of(kind.of_type)
        if isinstance(kind, StrawberryList):
            return _nullable(_list_of(self._item(kind.of_type)))
        if isinstance(kind, StrawberryObjectDefinition) and kind.origin in self._own:
            return self.of(kind.origin)
        _checked(kind, self._own)
        raise AssertionError("a type that may be has a shape")

    def _item(self, kind: Any) -> Shown:
        """The same for an item of a list, which is None only where its type says so."""
        from strawberry.types.base import StrawberryOptional

        may_be_none = isinstance(kind, StrawberryOptional) or _without_none(kind) is not kind
        return self.of(kind) if may_be_none else _present(self.of(kind))

    def _row(self, kind: type[Any]) -> Shown:
        if kind not in self._rows:
            fields: dict[str, Shown] = {}

            def row(value: Any) -> Any:
                if not isinstance(value, kind):
                    raise WrongType(f"it answered with {_given(value)}, not with {_name(kind)}")
                return {name: show(getattr(value, name)) for name, show in fields.items()}

            self._rows[kind] = row
            definition: Any = kind.__dict__["__strawberry_definition__"]
            fields.update({field.python_name: self.of(field.type) for field in definition.fields})
        return self._rows[kind]


def _nullable(show: Shown) -> Shown:
    return lambda value: None if value is None else show(value)


def _present(show: Shown) -> Shown:
    def shown(value: Any) -> Any:
        if value is None:
            raise WrongType("it answered with a list that holds None, which its type does not allow")
        return show(value)

    return shown


def _list_of(show: Shown) -> Shown:
    def shown(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise WrongType(f"it answered with {_given(value)}, not with a list")
        return [show(one) for one in value]

    return shown


def _scalar(kind: type[Any]) -> Shown:
    def shown(value: Any) -> Any:
        if type(value) is not kind:
            raise WrongType(f"it answered with {_given(value)}, not with {SCALARS[kind]}")
        _require_bounded(value)
        return value

    return shown


def _require_bounded(value: object) -> None:
    if isinstance(value, str):
        require_storable("its text", value)
    if isinstance(value, int) and value.bit_length() > _INT_BITS:
        raise InvalidResult(f"{shown(value)} does not fit into an Int of GraphQL; make the field a Decimal")
    if isinstance(value, Decimal) and not value.is_finite():
        raise NotFinite(f"it answered with {_given(value)}, not with {SCALARS[Decimal]}")
    if isinstance(value, Decimal):
        require_bounded("its Decimal", value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidResult(f"it answered with {_given(value)}, not with {SCALARS[datetime]}")


def _name(kind: object) -> str:
    return getattr(kind, "__name__", None) or str(kind)


def _given(value: object) -> str:
    return "None" if value is None else f"{shown(value)[:60]} of type {type(value).__name__}"
