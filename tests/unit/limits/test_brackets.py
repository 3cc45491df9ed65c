"""How a document is bracketed, whatever its brackets hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom_graphql.brackets import brackets_of


@pytest.mark.parametrize(
    ("text", "nesting", "arguments"),
    [
        ("{ a { b } c { d } }", 2, 0),
        ("{ ... { ... on T { a } } }", 3, 0),
        ("{ a(b: 1, c: 2) { d(e: 3) } }", 3, 2),
        ("{ x: a y: b z: c(d: 1) }", 2, 1),  # aliases are none
        ("{ a(b: [[{ c: 1, d: 2, e: { f: 1 } }]]) { x: g y: h z: i w: j } }", 6, 3),
        ("query ($a: [Int!]! = [1], $b: I = { c: 1 }) @d(e: 1) { x: f }", 2, 2),
        ("{ a @skip(if: true) @include(if: true) }", 2, 1),
        ('{ a(b: "}}(((:::", c: """ "(( \\""" ::: """) } # (((((', 2, 2),
        ("}}}) ] { a", 1, 0),
        ('{ a(b: "without an end (((', 5, 1),
    ],
)
def test_brackets_are_counted_as_they_stand(text: str, nesting: int, arguments: int) -> None:
    """Of every kind, but in texts and comments; the names that one pair gives values to are counted apart."""
    assert brackets_of(text) == (nesting, arguments)


@given(st.text(alphabet='{}()[]:"#\\\n a', max_size=60))
def test_whatever_is_sent_is_counted(text: str) -> None:
    """No more brackets stand within each other than there are, and none names more than there are colons."""
    found = brackets_of(text)
    assert 0 <= found.nesting <= sum(map(text.count, "{(["))
    assert 0 <= found.arguments <= text.count(":")
