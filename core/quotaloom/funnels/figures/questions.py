"""What is asked of funnels: whose deals, of which periods, and how they are broken down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from quotaloom.calendars.periods import Period
from quotaloom.platform.custom_plans import plan_for
from quotaloom.platform.unit_of_work import Record, Snapshot

MOST_PERIODS = 511
"""For how many periods one question may be asked."""


class FigureBreakdown(StrEnum):
    """By what figures are broken down."""

    PRODUCT = "product"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class FunnelQuestion:
    """What is asked of every unit or funnel.

    `periods` follow each other and share no day; they are 511 at the most. With `product_ids` or `sources` only deals
    of these count.
    """

    periods: tuple[Period, ...]
    today: date
    by: FigureBreakdown | None = None
    product_ids: tuple[int, ...] | None = None
    sources: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        days = [day for period in self.periods for day in (period.starts_on, period.ends_on)]
        if days != sorted(days):
            raise ValueError("periods follow each other and share no day")
        if len(self.periods) > MOST_PERIODS:
            raise ValueError(f"{len(self.periods)} periods are more than {MOST_PERIODS}")

    @property
    def whole(self) -> bool:
        """Whether all deals count together, so that they may be held against what a unit aims for."""
        return self.by is None and self.product_ids is None and self.sources is None


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose deals are meant, all of `funnel_ids`.

    With `unit_ids` there is an answer for each unit: the deals of the positions that lie below it today, or are it.
    Otherwise there is one for each funnel: all of its deals, those that wait in a pool and have no position too, or
    those of the positions that are `visible`.
    """

    funnel_ids: tuple[int, ...]
    unit_ids: tuple[int, ...] | None = None
    visible: Collection[int] | None = None

    @property
    def owner_ids(self) -> tuple[int, ...]:
        """For what there is an answer, in order."""
        return self.funnel_ids if self.unit_ids is None else self.unit_ids


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """A stage of a funnel by its key, whatever version a deal follows.

    Names and limits are those of the latest version that has the key, whose stage is `stage_id`; `ordinals` has its
    place in each version that has it.
    """

    number: int
    key: str
    name: str
    outcome: str
    stage_id: int
    age_limit_days: int | None
    ordinals: dict[int, int]

    def follows(self, other: FunnelStage) -> bool:
        """Whether it comes after another one: closing stages after all, others as the latest version with both says.

        Where no version has both, the one that was kept for longer comes later.
        """
        if self.key == other.key or self.outcome != "open":
            return self.key != other.key
        shared = self.ordinals.keys() & other.ordinals.keys()
        if not shared:
            return max(self.ordinals) > max(other.ordinals)
        return self.ordinals[max(shared)] > other.ordinals[max(shared)]

    @property
    def advances(self) -> bool:
        """Whether coming here is progress: the stage is open or won."""
        return self.outcome in ("open", "won")


@dataclass(frozen=True, slots=True)
class Laid:
    """A stage of one version of a funnel, and the number of its key among those of the funnel."""

    id: int
    funnel_id: int
    number: int
    outcome: str
    win_probability: Decimal
    age_limit_days: int | None


@dataclass(frozen=True, slots=True)
class FunnelStages:
    """The stages of some funnels: by key and in order, and as the versions laid them out."""

    by_funnel: dict[int, tuple[FunnelStage, ...]]
    laid: tuple[Laid, ...]

    @property
    def most(self) -> int:
        """How many keys the funnel with the most of them has."""
        return max((len(stages) for stages in self.by_funnel.values()), default=0)


async def load_stages(snapshot: Snapshot, funnel_ids: Sequence[int]) -> FunnelStages:
    """The stages of funnels, in one statement: those of the latest version in its order, then those it has no more."""
    rows = await snapshot.fetch(
        "SELECT id, funnel_id, version_number, key, name, ordinal, outcome, win_probability, age_limit_days FROM stage"
        " WHERE company_id = $1 AND funnel_id = ANY ($2::bigint[]) ORDER BY funnel_id, version_number DESC, ordinal",
        snapshot.company_id,
        list(funnel_ids),
    )
    known: dict[int, dict[str, FunnelStage]] = {funnel_id: {} for funnel_id in funnel_ids}
    laid = []
    for row in rows:
        keys = known[row["funnel_id"]]
        stage = keys.setdefault(row["key"], _stage(len(keys), row))
        stage.ordinals[row["version_number"]] = row["ordinal"]
        laid.append(
            Laid(
                row["id"],
                row["funnel_id"],
                stage.number,
                row["outcome"],
                row["win_probability"],
                row["age_limit_days"],
            )
        )
    return FunnelStages({funnel_id: tuple(keys.values()) for funnel_id, keys in known.items()}, tuple(laid))


def _stage(number: int, row: Record) -> FunnelStage:
    return FunnelStage(number, row["key"], row["name"], row["outcome"], row["id"], row["age_limit_days"], {})


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question, whose deals it is about, and the stages of their funnels. It equals nothing but itself.

    `owned` has a pair of each unit that is asked for with each position that lies below it today, or is it. They
    are read beforehand, so that the database knows how many there are when it plans: one seller, or a company.
    """

    whose: Whose
    question: FunnelQuestion
    stages: FunnelStages
    owned: Sequence[tuple[int, int]] = ()

    def funnel_of(self, owner_id: int) -> int:
        """The funnel of an owner; many units share the one that is asked for."""
        return owner_id if self.whose.unit_ids is None else self.whose.funnel_ids[0]

    def stages_of(self, owner_id: int) -> tuple[FunnelStage, ...]:
        """The stages of an owner's funnel, in order."""
        return self.stages.by_funnel[self.funnel_of(owner_id)]


_BELOW = """
SELECT path.ancestor_id, path.unit_id FROM unit_path AS path
JOIN org_unit AS unit ON unit.company_id = path.company_id AND unit.id = path.unit_id AND unit.kind = 'position'
WHERE path.company_id = $1 AND path.ancestor_id = ANY ($2::bigint[]) AND path.valid_from <= $3 AND $3 < path.valid_to
"""


async def ask(snapshot: Snapshot, whose: Whose, question: FunnelQuestion) -> Asked:
    """The question with what every statement of it needs; of units it is asked for one funnel."""
    if whose.unit_ids is not None and len(whose.funnel_ids) != 1:
        raise ValueError("figures of units are those of one funnel")
    owned: Sequence[tuple[int, int]] = ()
    if whose.unit_ids is not None:
        rows = await snapshot.fetch(_BELOW, snapshot.company_id, list(whose.unit_ids), question.today)
        owned = [(row["ancestor_id"], row["unit_id"]) for row in rows]
        await plan_for(snapshot, len(owned))
    return Asked(whose, question, await load_stages(snapshot, whose.funnel_ids), owned)
