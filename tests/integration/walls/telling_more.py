"""Whether an answer tells more than another one did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def tells_more(before: Any, after: Any, *, others: bool = True) -> bool:
    """Whether something in `after` was not in `before`: a value where there was none, a yes instead of a no, a row.

    Figures that are others count too: they are made of more rows; but not without `others`.
    """
    if before is None or before == [] or before is False:
        return after not in (None, [], False)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return any(tells_more(before.get(name), after[name], others=others) for name in after)
    if isinstance(before, list) and isinstance(after, list):
        return _list_tells_more(before, after, others)
    return others and after not in (None, [], False) and before != after


def _list_tells_more(before: Sequence[Any], after: Sequence[Any], others: bool) -> bool:
    if len(after) != len(before):
        return len(after) > len(before)
    return any(tells_more(*pair, others=others) for pair in zip(before, after, strict=True))
