"""How days and moments are answered: as ISO 8601 text, which SQL may have written already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition

from strawberry_breadth import passes_text


@passes_text
def _answered(value: Any) -> Any:
    return value if isinstance(value, str) else value.isoformat()


DATE: Final = replace(DateDefinition, serialize=_answered, origin=date)
"""The scalar `Date`; a text is answered as it is."""

DATE_TIME: Final = replace(DateTimeDefinition, serialize=_answered, origin=datetime)
"""The scalar `DateTime`; a text is answered as it is."""
