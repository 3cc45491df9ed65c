"""How a document is bracketed, found out by a look at its text: parsing and validating take longer the deeper brackets
stand within each other, and the more arguments a single one holds.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

TEXT: Final = (
    r'"""(?:[^"\\]|\\(?:""")?|"(?!""))*(?:""")?'  # a block, which knows no escape but that of its own end
    r'|"(?:[^"\\\n\r]|\\[^\n\r])*"?'
    r"|#[^\n\r]*"
)
"""A text or a comment, as GraphQL reads it. One that has no end goes as far as it can: were it none, what stands in it
would be looked at again from each of its quotes, which takes a minute for a hundred thousand."""

_MARK: Final = re.compile(rf"{TEXT}|[{{}}()\[\]:]")
"""Texts and comments, in which brackets mean nothing, brackets, and the colons that name something."""


class Brackets(NamedTuple):
    """`nesting` is how many stand within each other, of whatever kind; `arguments` the most that one pair names: the
    arguments of a field or directive, the fields of an object, the variables of an operation."""

    nesting: int
    arguments: int


def brackets_of(text: str) -> Brackets:
    """What a document's brackets come to; in a text that is no document, whatever stands there."""
    open_ones: list[int] = []  # what each open bracket has named; -1 for a selection, whose colons are aliases
    nesting = arguments = within = 0
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark in "{([":
            within += mark == "(" or within > 0
            open_ones.append(0 if within else -1)
            nesting = max(nesting, len(open_ones))
        elif mark in "})]":
            if open_ones:
                open_ones.pop()
                within -= within > 0
        elif mark == ":" and open_ones and open_ones[-1] >= 0:
            open_ones[-1] += 1
            arguments = max(arguments, open_ones[-1])
    return Brackets(nesting, arguments)
