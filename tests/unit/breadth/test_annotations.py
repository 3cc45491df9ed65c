"""Names that are looked up once, and what comes of them."""

from __future__ import annotations

import pytest
from strawberry.annotation import StrawberryAnnotation

from strawberry_breadth.annotations import remember_names


def test_a_name_is_unknown_until_the_module_is_known() -> None:
    """Every time in the same words, for each annotation; with a module that has it, it is what it is there."""
    remember_names()
    remember_names()
    first, second = StrawberryAnnotation("list[Tree]"), StrawberryAnnotation("list[Tree]")
    for annotation in (first, first, second):
        with pytest.raises(NameError, match=r"^name 'Tree' is not defined$"):
            annotation.evaluate()
    second.namespace = {"Tree": int}
    assert second.evaluate() == list[int]
    with pytest.raises(NameError, match="Tree"):
        first.evaluate()


def test_python_s_own_names_need_no_module() -> None:
    """They are found without one."""
    remember_names()
    assert [StrawberryAnnotation(text).evaluate() for text in ("str", "list[int]")] == [str, list[int]]


def test_a_name_is_what_it_is_in_the_module_where_it_is_written() -> None:
    """The same words in two modules are two types, as often as they are looked up; a name that a module gets later is
    found then."""
    remember_names()
    one, other = {"Tree": int}, {"Tree": str}
    for _ in range(2):
        assert StrawberryAnnotation("list[Tree]", namespace=one).evaluate() == list[int]
        assert StrawberryAnnotation("list[Tree]", namespace=other).evaluate() == list[str]
    later: dict[str, type] = {}
    with pytest.raises(NameError, match="Tree"):
        StrawberryAnnotation("list[Tree]", namespace=later).evaluate()
    later["Tree"] = float
    assert StrawberryAnnotation("list[Tree]", namespace=later).evaluate() == list[float]
