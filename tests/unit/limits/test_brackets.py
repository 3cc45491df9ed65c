"""How a document is bracketed, whatever its brackets hold."""

from __future__ import annotations

from contextlib import suppress
from time import process_time
from typing import Final

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind
from hypothesis import given
from hypothesis import strategies as st

from quotaloom_graphql.admission import _counted
from quotaloom_graphql.brackets import brackets_of

TEXTS: Final = {TokenKind.STRING, TokenKind.BLOCK_STRING}


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
        ('{ a(b: "without an end (((', 2, 1),
        ('{ a(b: "over at the end of its line (((\n(', 3, 1),
        ('{ a(b: """ without an end \\\\ (((', 2, 1),
        ('{ a(b: """ \\""" (( """, c: [ """ """ ]) }', 3, 2),
        ('{ a(b: """ \\x """, c: [[ """ \\ """ ]]) }', 4, 2),  # a block knows no other escapes
        ("{ a # (((\r(b: 1) }", 2, 1),
    ],
)
def test_brackets_are_counted_as_they_stand(text: str, nesting: int, arguments: int) -> None:
    """Of every kind, but in texts and comments; the names that one pair gives values to are counted apart."""
    assert brackets_of(text) == (nesting, arguments)


PARTS: Final = ['"""', '\\"""', '"', '""', "\\", "\\\\", "#", "\n", "\r", " ", "x", "x:", *"{}()[]"]


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_texts_are_read_as_graphql_reads_them(text: str) -> None:
    """As far as it reads them: the same brackets are found among its tokens, and the same pairs that names are in."""
    lexer, read = Lexer(Source(text)), []
    with suppress(GraphQLSyntaxError):
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            read.append(token)
    marks = "".join("x" if token.kind in {TokenKind.NAME, *TEXTS} else token.kind.value for token in read)
    assert brackets_of(text[: read[-1].end] if read else "") == brackets_of(marks)


@pytest.mark.parametrize("many", ['\\"' * 50_000, '{a}"""' + '\\"""\n' * 20_000, '"' * 100_000, '"\\' * 50_000])
def test_what_has_no_end_is_looked_at_once(many: str) -> None:
    """Two looks at a hundred thousand characters take some milliseconds; again from each quote it was a minute."""
    begun = process_time()
    brackets_of(many)
    _counted(many)
    assert process_time() - begun < 1


@given(st.text(alphabet='{}()[]:"#\\\n a', max_size=60))
def test_whatever_is_sent_is_counted(text: str) -> None:
    """No more brackets stand within each other than there are, and none names more than there are colons."""
    found = brackets_of(text)
    assert 0 <= found.nesting <= sum(map(text.count, "{(["))
    assert 0 <= found.arguments <= text.count(":")
