"""What cannot be decomposed, with the child, the month and the figures that stand in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import InputError, Path

MESSAGES = {
    "LOCKED_EXCEEDS_TOTAL": "{where}: {required} is locked or pinned, but the total is {available}; "
    "raise the total or release cells",
    "LOCKED_BELOW_TOTAL": "{where}: every cell is locked or pinned and together they hold {available}, "
    "but the total is {required}; release a cell or change the total",
    "PINNED_EXCEEDS_MONTHS": "{children}: the pinned years need {required} beyond the cells that are fixed, "
    "but {months} leave only {available}; lower a pinned year or release cells",
    "MONTHS_EXCEED_PINNED": "{months}: {required} must go to {children}, whose pinned years take only "
    "{available}; raise a pinned year or release a child's year or cells",
    "NO_CHILDREN": "{available} children cannot share {required}; add a child or set the total to 0",
    "NEGATIVE_AMOUNT": "{where}: {required} is negative; amounts start at {available}",
    "AMOUNT_TOO_LARGE": "{where}: {required} is larger than the largest amount, {available}",
    "WEIGHT_REFUSED": "{where}: a weight must be a finite number that is not negative",
    "OVER_ASSIGNMENT_REFUSED": "the over-assignment must be a factor that is not negative",
}
"""Every code of `DecompositionRefused`, with the sentence it is told in."""


class DecompositionRefused(InputError):
    """A decomposition that cannot be met; nothing was changed.

    `children` and `months` are the indices (from 0) that stand in the way, in order, either may be empty;
    `child` and `month` are the first of each. `required` and `available` are in minor units. The plain
    `message` counts children and months from 1; `describe` says the same with names and formatted amounts.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        path: Path = (),
        *,
        children: Sequence[int] = (),
        months: Sequence[int] = (),
        required: int = 0,
        available: int = 0,
    ) -> None:
        self.children = tuple(children)
        self.months = tuple(months)
        self.required = required
        self.available = available
        super().__init__(code, message, path)
        self.message = message or self.describe()

    @property
    def child(self) -> int | None:
        """The first child that stands in the way."""
        return self.children[0] if self.children else None

    @property
    def month(self) -> int | None:
        """The first month that stands in the way."""
        return self.months[0] if self.months else None

    def __str__(self) -> str:
        return self.message

    def at(self, *prefix: str | int) -> DecompositionRefused:
        """The same refusal, its path seen from further outside."""
        return self._copy(self.message, (*prefix, *self.path), self.children, self.months)

    def of_child(self, child: int) -> DecompositionRefused:
        """The same refusal, said of one child: for what was computed for that child alone."""
        return self._copy("", self.path, (child,), self.months)

    def describe(
        self,
        child_name: Callable[[int], str] = lambda index: f"child {index + 1}",
        month_name: Callable[[int], str] = lambda index: f"month {index + 1}",
        amount: Callable[[int], str] = str,
    ) -> str:
        """The refusal as a sentence, with the given names of indices and spelling of minor units."""
        children = _listed([child_name(index) for index in self.children])
        months = _listed([month_name(index) for index in self.months])
        return MESSAGES[self.code].format(
            children=children,
            months=months,
            where=", ".join(part for part in (children, months) if part) or "the year",
            required=amount(self.required),
            available=str(self.available) if self.code == "NO_CHILDREN" else amount(self.available),
        )

    def _copy(self, message: str, path: Path, children: Sequence[int], months: Sequence[int]) -> DecompositionRefused:
        return DecompositionRefused(
            self.code,
            message,
            path,
            children=children,
            months=months,
            required=self.required,
            available=self.available,
        )


def as_told_to(viewer: Viewer, error: InputError) -> InputError:
    """A refusal as the viewer may know it: without stored figures, and whose they are, for who may not read them."""
    if viewer.may_read or error.code not in MESSAGES:
        return error
    message = "this cannot be met with the cells and years that are locked or pinned; with graph:read you are told why"
    return InputError(error.code, message, error.path)


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 5 else [*names[:4], f"{len(names) - 4} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
