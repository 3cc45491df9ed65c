"""Columns of many rows as array literals, `$1::text::bigint[]` in SQL.

asyncpg asks of every element of a list whether it is a list of its own, which takes longer than to store it.
"""

from __future__ import annotations

from collections.abc import Sequence

_SEPARATOR = "\0"
"""What PostgreSQL stores in no text."""


def array_of(values: Sequence[object]) -> str:
    """Whole numbers, decimals, days or code words such as `CNY`, of letters and digits alone; None is null."""
    if values and values.count(values[0]) == len(values):
        spelled = ",".join([str(values[0])] * len(values))  # as many columns are: all null, or of one currency
    else:
        spelled = ",".join(map(str, values))
    return "{" + spelled.replace("None", "NULL") + "}"


def array_of_texts(values: Sequence[str]) -> str:
    """Texts of any content; raises `ValueError` for one with the character NUL."""
    if not values:
        return "{}"
    joined = _SEPARATOR.join(values)
    if joined.count(_SEPARATOR) >= len(values):
        raise ValueError("a text holds the character NUL")
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace(_SEPARATOR, '","') + '"}'
