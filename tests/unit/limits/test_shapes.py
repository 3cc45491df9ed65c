"""How large a document is: fragments count wherever they are spread, and are looked at once."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, parse
from hypothesis import given
from hypothesis import strategies as st

from quotaloom_graphql.shapes import Shape, Shapes


def shape(text: str) -> Shape:
    """What the whole document comes to."""
    return Shapes(parse(text)).whole


def test_a_document_without_fragments_is_counted_as_it_stands() -> None:
    """Three levels, of which the second has three fields; one alias and two directives."""
    whole = shape("query @a { company { one: key name root @skip(if: false) { key } } }")
    assert (whole.depth, whole.breadth, whole.fields, whole.aliases, whole.directives) == (3, 3, 5, 1, 2)


def test_what_a_fragment_holds_counts_wherever_it_is_spread() -> None:
    """Two spreads of two fields each, one level further down, beside a field of the operation's own."""
    whole = shape("{ a { ...F } b { c { ...F } } } fragment F on T { x: d e @f }")
    assert (whole.depth, whole.breadth, whole.fields, whole.aliases, whole.directives) == (3, 2, 7, 2, 2)


def test_fragments_and_inline_fragments_are_of_the_level_that_they_stand_in() -> None:
    """One field of its own, one of an inline fragment, two of a fragment: four in one selection."""
    whole = shape("{ a ... on T { b ...F } } fragment F on T { c d }")
    assert (whole.depth, whole.breadth, whole.fields) == (1, 4, 4)


def test_all_operations_count_together() -> None:
    """Any of them may be asked for, and all are validated."""
    whole = shape("query A { a b } query B { c { d } }")
    assert (whole.depth, whole.fields) == (2, 4)


def test_a_fragment_that_nobody_spreads_is_measured_too() -> None:
    """It is validated: its depth and breadth matter, though its fields are never asked for."""
    whole = shape("{ a } fragment F on T { b { c { d } e } }")
    assert (whole.depth, whole.breadth, whole.fields) == (3, 2, 1)


def doubling(levels: int) -> str:
    """A bomb: each fragment spreads the next one twice."""
    fragments = "".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {fragments} fragment F{levels} on T {{ a }}"


def test_thirty_doubling_fragments_are_looked_at_once_each() -> None:
    """2 to the 30th fields are found in 62 selections: one of the operation, two of each fragment, and the last."""
    shapes = Shapes(parse(doubling(30)))
    assert shapes.whole.fields == 1_073_741_824
    assert shapes.visited == 62


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ ...A } fragment A on T { ...A }", "the fragment 'A' spreads itself, by way of 1 fragments"),
        ("{ ...A } fragment A on T { b { ...B } } fragment B on T { ...A }", "by way of 2 fragments"),
    ],
)
def test_a_fragment_that_spreads_itself_is_refused(text: str, told: str) -> None:
    """At once, and however far around."""
    with pytest.raises(GraphQLError, match=told) as caught:
        Shapes(parse(text))
    assert caught.value.extensions == {"code": "FRAGMENT_CYCLE"}


def test_a_fragment_that_is_missing_has_nothing_in_it() -> None:
    """Validation tells of it."""
    assert shape("{ a ...Nowhere }").fields == 1


def test_a_long_chain_of_fragments_takes_no_stack() -> None:
    """Two thousand fragments, each of which spreads the next one only."""
    chain = "".join(f"fragment F{n} on T {{ ...F{n + 1} }}" for n in range(2_000))
    assert shape(f"{{ ...F0 }} {chain} fragment F2000 on T {{ a }}").fields == 1


SELECTIONS = st.recursive(
    st.sampled_from(["a", "x: a", "a @d", "...F", "...G", "...@d @d { a }"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"b {{ {' '.join(parts)} }}"),
    max_leaves=8,
)


def written_out(text: str, fragments: dict[str, str]) -> str:
    """The selection with every spread of a fragment replaced by what it holds."""
    for name in ("F", "G"):
        text = text.replace(f"...{name}", f"... {{ {fragments[name]} }}")
    return text


@given(SELECTIONS, SELECTIONS, SELECTIONS)
def test_a_document_comes_to_the_same_as_with_its_fragments_written_out(
    selection: str, first: str, second: str
) -> None:
    """F may spread G; G spreads none."""
    second = second.replace("...F", "a").replace("...G", "a")
    first = first.replace("...F", "a")
    expanded = written_out(selection, {"F": first, "G": second})
    with_fragments = f"{{ {selection} ...F ...G }} fragment F on T {{ {first} }} fragment G on T {{ {second} }}"
    without = written_out(f"{{ {expanded} ...F ...G }}", {"F": first, "G": second})
    assert shape(with_fragments) == shape(without)
