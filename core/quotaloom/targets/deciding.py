"""What a decomposition comes to, once the weights are known: pure arithmetic from the top of a tree down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from quotaloom.calendars.periods import Period
from quotaloom.platform.amounts import format_amount, half_up
from quotaloom.platform.errors import InputError
from quotaloom.policies.allocating import AllocationOutcome
from quotaloom.policies.selected import PolicyStamp
from quotaloom.targets.apportionment import over_assigned, spread_over_months
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.gathering import KINDS, Gathered, GatheredUnit
from quotaloom.targets.ramps import Factors, Ramp, ramped
from quotaloom.targets.refusals import DecompositionRefused
from quotaloom_sdk import Explanation

Months = tuple[int | None, ...]

NO_RAMP: Mapping[int, Factors] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class YearPin:
    """A child's year that is fixed by the planner, in minor units of the plan's metric."""

    unit_id: int
    target: int


@dataclass(frozen=True, slots=True)
class DecomposeRequest:
    """What to decompose: the year of one unit of a plan's draft, or of its scenario with the number `scenario`.

    Factors (`shares`, `over_assignment`) lie between 0 and 10 with 12 decimal places at the most.

    `totals` has the unit's year as `target`, `assessment` and `stretch`, in minor units; without it the unit's
    own cells are decomposed. `shares` gives assessment and stretch as a share of the target instead. `levels`
    is how far down: None for all, 0 for the unit's own months only. `over_assignment` is how much of its
    target each unit hands to its children: 1.1 is ten percent more than it has. With a `ramp` new holders are handed
    less, and their siblings the more.
    """

    plan_id: int
    unit_id: int
    totals: Mapping[str, int]
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    policy: str | None = None
    levels: int | None = None
    over_assignment: Decimal = Decimal(1)
    year_pins: tuple[YearPin, ...] = ()
    ramp: Ramp | None = None
    scenario: int | None = None


@dataclass(frozen=True, slots=True)
class DecomposedUnit:
    """The cells of one unit, one value per month of the plan, None where a line is not planned."""

    unit_id: int
    name: str
    parent_id: int | None
    depth: int
    target: Months
    assessment: Months
    stretch: Months


@dataclass(frozen=True, slots=True)
class DecompositionOutcome:
    """The full matrix, units in tree order, and why it is what it is: one explanation per unit that was split."""

    months: tuple[Period, ...]
    units: tuple[DecomposedUnit, ...]
    explanations: Mapping[int, Explanation]
    stamp: PolicyStamp
    stored: bool


def units_to_split(gathered: Gathered, top_id: int, levels: int | None) -> list[GatheredUnit]:
    """The units whose weights are needed: the top one for its months, and all whose children are reached."""

    def below(unit_id: int, depth: int) -> Iterator[GatheredUnit]:
        unit = gathered.units[unit_id]
        if depth == 0 or (unit.children and (levels is None or depth < levels)):
            yield unit
            for child in unit.children:
                yield from below(child, depth + 1)

    return list(below(top_id, 0))


def decide(
    gathered: Gathered,
    weights: Mapping[int, AllocationOutcome],
    request: DecomposeRequest,
    stamp: PolicyStamp,
    ramp: Mapping[int, Factors] = NO_RAMP,
) -> DecompositionOutcome:
    """The full matrix. `weights` are those of `units_to_split`, by unit, and `ramp` the factors of newcomers.

    A month in which a unit's own cell is fixed and those of all its children are is left as it is, whether they agree
    or not: nothing in it can be decided. Raises `InputError` for what cannot be met.
    """
    decider = _Decider(gathered, weights, request, ramp)
    decider.split_down(gathered.units[request.unit_id], 0)
    return DecompositionOutcome(gathered.months, tuple(decider.decided), decider.explanations, stamp, stored=False)


class _Decider:
    """Walks the tree from the top, each unit's cells being the margin of its children's."""

    def __init__(
        self,
        gathered: Gathered,
        weights: Mapping[int, AllocationOutcome],
        request: DecomposeRequest,
        ramp: Mapping[int, Factors],
    ) -> None:
        self.gathered = gathered
        self.weights = weights
        self.request = request
        self.ramp = ramp
        self.year_pins = {pin.unit_id: pin.target for pin in request.year_pins}
        self.decided: list[DecomposedUnit] = []
        self.explanations: dict[int, Explanation] = {}

    def split_down(self, top: GatheredUnit, depth: int) -> None:
        lines = self._top_lines(top, self.weights[top.id])
        self._decide_unit(top, None, depth, lines)
        reached = {unit.unit_id for unit in self.decided[1:]}
        for index, pin in enumerate(self.request.year_pins):
            if pin.unit_id not in reached:
                raise InputError(
                    "PIN_OUTSIDE",
                    f"a pinned year belongs to a unit below {top.name}, within the levels that are split",
                    ("yearPins", index, "orgUnitId"),
                )

    def _decide_unit(
        self,
        unit: GatheredUnit,
        parent: GatheredUnit | None,
        depth: int,
        lines: Mapping[str, Months],
    ) -> None:
        self.decided.append(
            DecomposedUnit(unit.id, unit.name, parent.id if parent else None, depth, *(lines[kind] for kind in KINDS))
        )
        if not unit.children or (self.request.levels is not None and depth >= self.request.levels):
            return
        children = [self.gathered.units[child] for child in unit.children]
        outcome = ramped(self.weights[unit.id], children, self.gathered.months, self.ramp)
        self.explanations[unit.id] = outcome.explanation
        split_lines = {kind: self._split(unit, children, kind, lines[kind], outcome) for kind in KINDS}
        for index, child in enumerate(children):
            self._decide_unit(child, unit, depth + 1, {kind: split_lines[kind][index] for kind in KINDS})

    def _top_lines(self, unit: GatheredUnit, outcome: AllocationOutcome) -> dict[str, Months]:
        totals = dict(self.request.totals)
        for kind, share in self.request.shares.items():
            totals[kind] = half_up(totals["target"] * Fraction(share))
        lines: dict[str, Months] = {}
        for kind in KINDS:
            if totals:
                lines[kind] = self._spread(unit, kind, totals.get(kind), outcome)
            else:
                lines[kind] = unit.values[kind]
        if any(value is None for month, value in enumerate(lines["target"]) if month not in unit.shut):
            raise InputError(
                "NO_TARGET", f"{unit.name} has no target in every month of the plan; give its year", ("target",)
            )
        return lines

    def _spread(self, unit: GatheredUnit, kind: str, total: int | None, outcome: AllocationOutcome) -> Months:
        if total is None:
            return unit.values[kind]
        fixed = {index: _kept(unit, kind, index) or 0 for index in unit.fixed}
        try:
            spread = spread_over_months(total, outcome.months, fixed)
            return _with_fixed(unit, kind, spread)
        except DecompositionRefused as error:
            raise self._named(error, [unit], unit, kind) from None

    def _split(
        self,
        unit: GatheredUnit,
        children: Sequence[GatheredUnit],
        kind: str,
        columns: Months,
        outcome: AllocationOutcome,
    ) -> list[Months]:
        if any(value is None for month, value in enumerate(columns) if month not in unit.shut):
            return [child.values[kind] for child in children]
        fixed = {
            (index, month): _kept(child, kind, month) or 0
            for index, child in enumerate(children)
            for month in child.fixed
        }
        pins = {
            index: self.year_pins[child.id]
            for index, child in enumerate(children)
            if kind == "target" and child.id in self.year_pins
        }
        settled = [month for month in unit.fixed if all((index, month) in fixed for index in range(len(children)))]
        try:
            handed_out = over_assigned(
                [0 if month in settled else value or 0 for month, value in enumerate(columns)],
                Fraction(self.request.over_assignment),
            )
            for month in settled:
                handed_out[month] = sum(fixed[index, month] for index in range(len(children)))
            request = SplitRequest(tuple(handed_out), outcome.matrix, fixed=fixed, year_totals=pins)
            return [
                _with_fixed(child, kind, row) if child.fixed else tuple(row)
                for child, row in zip(children, split(request), strict=True)
            ]
        except DecompositionRefused as error:
            raise self._named(error, children, unit, kind) from None

    def _named(
        self, error: DecompositionRefused, children: Sequence[GatheredUnit], unit: GatheredUnit, kind: str
    ) -> InputError:
        sentence = error.describe(
            lambda index: children[index].name,
            lambda index: self.gathered.months[index].label,
            lambda amount: format_amount(amount, self.gathered.metric_scale),
        )
        return InputError(error.code, f"{unit.name}, {kind}: {sentence}", error.path or (kind,))


def _with_fixed(unit: GatheredUnit, kind: str, row: Sequence[int]) -> Months:
    return tuple(_kept(unit, kind, month) if month in unit.fixed else cell for month, cell in enumerate(row))


def _kept(unit: GatheredUnit, kind: str, month: int) -> int | None:
    """What a fixed cell holds; nothing where the unit is not open."""
    return None if month in unit.shut else unit.values[kind][month]
