from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from benchmarks.nested_graph.chart import Axis, latency_chart
from benchmarks.nested_graph.client import Response
from benchmarks.nested_graph.figures import Figures, Memory, Spread, Turns, goals
from benchmarks.nested_graph.questions import POSTGRAPHILE, QUESTIONS, QUOTALOOM
from benchmarks.nested_graph.rounds import at_any_moment
from benchmarks.nested_graph.tables import report
from graphql import DefinitionNode, FieldNode, build_schema, parse, validate

import quotaloom_graphql

SDL = Path(quotaloom_graphql.__file__).with_name("schema.graphql")
SVG = "{http://www.w3.org/2000/svg}"


def measured() -> Figures:
    """Figures of two contenders and two questions."""
    return Figures(
        contenders=["product", "floor"],
        questions=["small", "huge"],
        sizes={"small": 66, "huge": 15_250_000},
        latency={
            ("product", "small"): Spread(0.001, 0.002, 0.004),
            ("floor", "small"): Spread(0.001, 0.001, 0.001),
            ("product", "huge"): Spread(0.9, 1.5, 2.0),
            ("floor", "huge"): Spread(0.7, 0.75, 0.8),
        },
        rate={("product", "small"): Spread(1800, 1900, 2000), ("floor", "small"): Spread(1990, 2000, 2010)},
        slower={("floor", "small"): 2.0, ("floor", "huge"): 2.0},
        busier={("floor", "small"): 0.95},
        memory={"product": Memory(100_000_000, 161_000_000, 15_250_000)},
    )


def test_report_has_a_line_for_each_question_and_only_what_was_measured() -> None:
    """Medians stand before their middle halves, sizes in a unit that fits; sections without figures are left out."""
    text = report(measured(), "A machine")
    assert "| asked | answer | Quotaloom, an admin | floor |\n| --- | ---: | ---: | ---: |" in text
    assert "| one unit | 0.1 kB | 2.0 ms (1.0 ms–4.0 ms) | 1.0 ms (1.0 ms–1.0 ms) |" in text
    assert "| 11,111 units × 12 months | 15 MB | 1.50 s (900.0 ms–2.00 s) | 750.0 ms (700.0 ms–800.0 ms) |" in text
    assert "| one unit | 0.1 kB | 1,900 (1,800–2,000) | 2,000 (1,990–2,010) |" in text
    assert "| Quotaloom, an admin | 100 MB | 161 MB | 15 MB | 4.0 × |" in text
    assert "How long others wait" not in text


def test_goals_are_those_whose_figures_are_there() -> None:
    """Twice the floor misses a bound of 1.5, 95 of 100 keep one of 0.9, four times the answer keeps one of 8."""
    found = {goal.title: (round(goal.measured, 2), goal.met) for goal in goals(measured())}
    assert found == {
        "huge, latency: times the floor": (2.0, False),
        "small, throughput: times the floor's": (0.95, True),
        "memory: times the answer's size": (4.0, True),
    }


def test_ratios_are_taken_round_by_round() -> None:
    """Three rounds of 2, 3 and 2 times, the second in a busy moment, and one that only one took part in: 2."""
    turns = Turns()
    for number, (mine, theirs) in enumerate([([2.0, 4.0, 3.0], [1.5]), ([90.0], [30.0]), ([4.0], [2.0])]):
        turns.add("product", number, mine)
        turns.add("floor", number, theirs)
    turns.add("product", 3, [7.0])
    assert turns.ratios("product") == {"floor": 2.0}
    assert turns.spreads()["floor"] == Spread(1.75, 2.0, 16.0)


def test_chart_draws_a_dot_for_each_median_between_powers_of_ten() -> None:
    """From 1 ms to 2 s the axis goes to 10 s: 2 ms lie left of 750 ms, and every line stays within the picture."""
    root = ET.fromstring(latency_chart(measured()))
    dots = [float(dot.attrib["cx"]) for dot in root.iter(f"{SVG}circle")]
    assert len(dots) == 4
    assert dots[1] < dots[0] < dots[3] < dots[2] < float(root.attrib["width"])
    labels = [text.text for text in root.iter(f"{SVG}text") if text.attrib.get("class") == "axis"]
    assert labels == ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]


def test_axis_has_a_width_where_all_durations_are_one_power_of_ten() -> None:
    """A single value has a place too."""
    axis = Axis(0.01, 0.01)
    assert (axis.first, axis.last) == (-2, -1)


def test_chart_of_nothing_is_refused() -> None:
    """There is no axis without a duration."""
    with pytest.raises(ValueError, match="no latency"):
        latency_chart(Figures())


@pytest.mark.parametrize("name", QUESTIONS)
def test_documents_of_both_dialects_name_the_same_fields(name: str) -> None:
    """What PostGraphile calls otherwise has an alias, so that the answers can be compared as they are."""
    mine, theirs = (QUESTIONS[name].document(dialect, "acme") for dialect in (QUOTALOOM, POSTGRAPHILE))
    assert names(parse(mine).definitions[0]) == names(parse(theirs).definitions[0])


def test_questions_fit_the_schema() -> None:
    """A field that is renamed is renamed here too."""
    schema = build_schema(SDL.read_text())
    for question in QUESTIONS.values():
        assert validate(schema, parse(question.document(QUOTALOOM, "acme"))) == []


def names(node: DefinitionNode | FieldNode) -> list[object]:
    """The names in the answer, each with those below it."""
    selected = getattr(node, "selection_set", None)
    fields = [] if selected is None else [one for one in selected.selections if isinstance(one, FieldNode)]
    return [((field.alias or field.name).value, names(field)) for field in fields]


def test_responses_are_complete_when_their_length_is_there() -> None:
    """A response that comes in pieces is complete with its last byte, and not before."""
    response = Response()
    response.feed(b"HTTP/1.1 200 OK\r\nContent-Le")
    response.feed(b"ngth: 5\r\n\r\nhel")
    assert not response.is_complete()
    response.feed(b"lo")
    assert response.is_complete()
    assert (response.status, response.body) == (200, b"hello")


def test_chunks_are_put_together() -> None:
    """Chunks end with an empty one; what looks like sizes is left out of the body."""
    response = Response()
    response.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n")
    assert not response.is_complete()
    response.feed(b"a;x=y\r\n0123456789\r\n0\r\n\r\n")
    assert response.is_complete()
    assert response.body == b"foo0123456789"


def test_response_without_an_end_is_refused() -> None:
    """Without a length or chunks nobody could tell when it is complete."""
    with pytest.raises(ValueError, match="neither a length nor chunks"):
        Response().feed(b"HTTP/1.1 200 OK\r\n\r\n")


def test_one_long_stall_counts_for_all_who_would_have_come_meanwhile() -> None:
    """In a stall of a second, of those who come every quarter of one, the first waits 1 s, the last not at all."""
    assert at_any_moment([0.1, 1.0], 0.25) == [0.1, 1.0, 0.75, 0.5, 0.25, 0.0]
