"""Documents invented for a blueprint: valid ones, with aliases, fragments, directives, variables and merging."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.unit.breadth.invented_schemas import Blueprint, Invented

DEPTH = 4

_VALUES: dict[str, list[tuple[str, Any]]] = {
    "count": [("5", 5), ("null", None), ("-1", -1)],
    "must": [("8", 8)],
    "given": [('"other"', "other")],
    "many": [("[1, 2]", [1, 2]), ("9", 9), ("[]", []), ("null", None)],
    "colour": [("RED", "RED"), ("GREEN", "GREEN"), ("null", None)],
    "point": [("{x: 1}", {"x": 1}), ('{label: "l", x: 2}', {"label": "l", "x": 2}), ("null", None)],
}
"""For each argument its values, written in a document and given as a variable."""

_TYPES = {"count": "Int", "must": "Int!", "given": "String", "many": "[Int!]", "colour": "Colour", "point": "Point"}


class Document:
    """One operation with its fragments and the values of its variables."""

    def __init__(self, blueprint: Blueprint, operation: str, random: Random) -> None:
        self.blueprint, self.random = blueprint, random
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}
        self.fragments: dict[str, tuple[str, str]] = {}
        self.written: dict[str, str] = {}
        self.room = random.randint(5, 45)
        body = self.selections(operation.capitalize(), DEPTH)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        fragments = "".join(f"\nfragment {name} on {on} {text}" for name, (on, text) in self.fragments.items())
        self.operation = operation
        self.text = f"{operation}{declared} {body}{fragments}"

    def selections(self, on: str, depth: int) -> str:
        """The selection set for a composite type; one that has a leaf at least."""
        chosen = []
        for _ in range(self.random.choice([1, 2, 3, 3, 4])):
            self.room -= 1
            chosen.append(self._selection(on, depth))
            if self.room < 0:
                break
        return "{ " + " ".join(chosen) + " }"

    def _selection(self, on: str, depth: int) -> str:
        fields = [one for one in self.blueprint.fields(on) if depth > 1 or not self.blueprint.is_composite(one.named)]
        choices: list[Callable[[], str]] = [lambda: self._field(self.random.choice(fields), on, depth)] * 6
        if not fields:
            choices = []
        choices += [lambda: "__typename"]
        if depth > 1:
            choices += [lambda: self._inline(on, depth), lambda: self._spread(on, depth)] * (1 if fields else 3)
        return self.random.choice(choices)()

    def _field(self, one: Invented, on: str, depth: int) -> str:
        key = one.name if self.random.random() < 0.6 else f"{one.name}_{self.random.choice('ab')}"
        if key not in self.written:
            self.written[key] = self._arguments(one)
        alias = "" if key == one.name else f"{key}: "
        below = f" {self.selections(one.named, depth - 1)}" if self.blueprint.is_composite(one.named) else ""
        return f"{alias}{one.name}{self.written[key]}{self._directive()}{below}"

    def _arguments(self, one: Invented) -> str:
        given = [
            f"{name}: {self._value(name)}" for name in one.arguments if name == "must" or self.random.random() < 0.6
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, argument: str) -> str:
        literal, value = self.random.choice(_VALUES[argument])
        if self.random.random() < 0.5:
            return literal
        default = f" = {literal}" if argument != "must" and self.random.random() < 0.4 else ""
        left_out = argument != "must" and self.random.random() < 0.3
        return self._variable(f"{_TYPES[argument]}{default}", *(() if left_out else (value,)))

    def _variable(self, type_: str, *value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        if value:
            self.variables[name] = value[0]
        return f"${name}"

    def _directive(self) -> str:
        if self.random.random() > 0.15:
            return ""
        condition = self.random.random() < 0.5
        word = str(condition).lower()
        match self.random.randrange(3):
            case 0:
                text = word
            case 1:
                text = self._variable("Boolean!", condition)
            case _:
                text = self._variable(f"Boolean! = {word}")
        return f" @{self.random.choice(['skip', 'include'])}(if: {text})"

    def _inline(self, on: str, depth: int) -> str:
        narrowed = self._narrowed(on)
        condition = "" if narrowed == on and self.random.random() < 0.5 else f" on {narrowed}"
        return f"...{condition}{self._directive()} {self.selections(narrowed, depth - 1)}"

    def _spread(self, on: str, depth: int) -> str:
        narrowed = self._narrowed(on)
        known = [name for name, (of, _) in self.fragments.items() if of == narrowed]
        if known and self.random.random() < 0.5:
            return f"...{self.random.choice(known)}{self._directive()}"
        text = self.selections(narrowed, depth - 1)
        name = f"F{len(self.fragments)}"
        self.fragments[name] = (narrowed, text)
        return f"...{name}{self._directive()}"

    def _narrowed(self, on: str) -> str:
        """A type that objects of this one may be of as well."""
        if on not in self.blueprint.possible:
            return on
        possible = set(self.blueprint.possible[on])
        overlapping = [name for name, of in self.blueprint.possible.items() if possible & set(of)]
        return self.random.choice(overlapping)
