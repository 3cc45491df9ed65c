"""Parts of a large answer that are written as JSON before the whole of it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

WriteRows = Callable[[Sequence[list[str]]], list[str]]
"""The JSON of each object, from columns of its texts."""


class JSONWriter(Protocol):
    """What a context has as `json_writer` where JSON is all that is made of the data.

    What it returns stands in the data instead of lists of a large answer, and is JSON to whoever writes the rest.
    """

    def of_values(self, values: list[Any]) -> Any:
        """For a list that is complete; the list itself where that had better be written later."""
        ...

    def of_text(self, text: str) -> Any:
        """For the JSON of one."""
        ...


class Texts(list[str]):
    """A column of texts that JSON holds as they are: none has a quote, a backslash, a control character or a surrogate.

    Amounts, days and keys are such. Rows of nothing but these are written without being made into objects.
    """

    __slots__ = ()


def row_writer(names: Sequence[str]) -> WriteRows:
    """A function that writes objects with these names, in their order: one expression, compiled like `assembler`'s."""
    variables = [f"v{number}" for number in range(len(names))]
    members = ",".join(f'"{name}":"{{{variable}}}"' for name, variable in zip(names, variables, strict=True))
    row = ", ".join(variables) + ","
    source = f"lambda columns: [f'{{{{{members}}}}}' for {row} in zip(*columns)]"
    write: WriteRows = eval(source, {"zip": zip})  # noqa: S307 (GraphQL's grammar keeps names plain)
    return write
