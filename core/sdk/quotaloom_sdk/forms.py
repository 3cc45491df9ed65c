"""Hints for the admin's form of a policy's parameters, beside their JSON Schema."""

from __future__ import annotations

from typing import Any, Literal

from quotaloom_sdk.errors import InvalidDefinition
from quotaloom_sdk.policies import Parameters

Widget = Literal["text", "textarea", "number", "percent", "money", "slider", "switch", "select", "date", "table"]
"""How a parameter is best entered; a form that does not know the widget goes by the schema."""

_KEY = "ui"


def ui(
    *,
    widget: Widget | None = None,
    unit: str | None = None,
    group: str | None = None,
    placeholder: str | None = None,
    order: int | None = None,
    advanced: bool = False,
) -> dict[str, Any]:
    """Hints for one parameter: `Field(description="…", json_schema_extra=ui(widget="percent"))`.

    `unit` stands behind the entry (`days`), `group` is the heading it is shown under, `order` its place in the
    group, `advanced` ones are folded away at first. Raises `InvalidDefinition` where there is no hint at all.
    """
    given = {"widget": widget, "unit": unit, "group": group, "placeholder": placeholder, "order": order}
    hints: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if advanced:
        hints["advanced"] = True
    if not hints:
        raise InvalidDefinition("ui() needs at least one hint, such as widget='percent'")
    return {_KEY: hints}


def ui_hints(parameters: type[Parameters]) -> dict[str, dict[str, Any]]:
    """The hints of each parameter that has some, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in parameters.model_fields.items():
        extra = field.json_schema_extra
        hints = extra.get(_KEY) if isinstance(extra, dict) else None
        if isinstance(hints, dict):
            found[field.alias or name] = dict(hints)
    return found


def undescribed(parameters: type[Parameters]) -> tuple[str, ...]:
    """The parameters without a description, which an admin would have to guess."""
    return tuple(name for name, field in parameters.model_fields.items() if not (field.description or "").strip())
