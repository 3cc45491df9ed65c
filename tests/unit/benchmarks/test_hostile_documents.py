from __future__ import annotations

from benchmarks.hostile_documents import compared_with_strawberry
from benchmarks.hostility import HOSTILE


def test_each_document_has_a_row_beside_strawberrys() -> None:
    """One for all, and then the slowest first; a document that Strawberry never ends with is given up."""
    some = [one for one in HOSTILE if one.name in {"30 fragments, each spread twice", "null"}]
    rows = list(compared_with_strawberry(some, rounds=1))
    assert [row.name for row in rows] == ["within 20 ms of CPU time", "30 fragments, each spread twice", "null"]
    assert rows[1].floor == "> 2.00 s"
