"""What a viewer may see, and where he may plan: by today's tree, today's heads and today's holders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts

NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sight:
    """What one viewer may see of his company today.

    `everything`: all units and members, with figures; the sets of ids are then left empty, except
    `headed_unit_ids` and `held_unit_ids`. `plans_everything`: may plan anywhere. `unit_ids`: units with figures, the
    subtrees he heads and the positions he holds (and their ancestors, where the company says so). `named_unit_ids`:
    their ancestors, by name. `member_ids`: members with figures, himself, the holders of positions and the heads in
    the subtrees he heads. `named_member_ids`: by name, whoever ever held a position there. `headed_unit_ids`: the
    units he heads himself. `led_unit_ids`: those and all below them. `top_unit_ids`: those that he heads without
    heading a unit above. `held_unit_ids`: the positions he holds.
    """

    member_id: int | None = None
    everything: bool = False
    plans_everything: bool = False
    unit_ids: frozenset[int] = NOBODY
    named_unit_ids: frozenset[int] = NOBODY
    member_ids: frozenset[int] = NOBODY
    named_member_ids: frozenset[int] = NOBODY
    headed_unit_ids: frozenset[int] = NOBODY
    led_unit_ids: frozenset[int] = NOBODY
    top_unit_ids: frozenset[int] = NOBODY
    held_unit_ids: frozenset[int] = NOBODY

    def sees_unit(self, unit_id: int) -> bool:
        """Whether he may see the unit's figures."""
        return self.everything or unit_id in self.unit_ids

    def names_unit(self, unit_id: int) -> bool:
        """Whether he may see that the unit exists, and its name."""
        return self.sees_unit(unit_id) or unit_id in self.named_unit_ids

    def sees_member(self, member_id: int) -> bool:
        """Whether he may see the member's figures."""
        return self.everything or member_id in self.member_ids

    def names_member(self, member_id: int) -> bool:
        """Whether he may see that the member exists, and the name."""
        return self.sees_member(member_id) or member_id in self.named_member_ids

    def heads(self, unit_id: int) -> bool:
        """Whether he heads this very unit."""
        return unit_id in self.headed_unit_ids

    @property
    def plans(self) -> bool:
        """Whether he sees drafts: who sees everything, who plans everywhere, and whoever heads a unit."""
        return self.everything or self.plans_everything or bool(self.headed_unit_ids)

    def leads(self, unit_id: int) -> bool:
        """Whether he may read what heads say of the unit: he heads it or a unit above it, or sees everything.

        Figures of ancestors may be open to him; what was said of them, and of his own position, is not.
        """
        return self.everything or unit_id in self.led_unit_ids

    def holds(self, unit_id: int) -> bool:
        """Whether he holds this very position, outside of what he leads: he sees it, and plans nothing in it."""
        return unit_id in self.held_unit_ids and unit_id not in self.led_unit_ids

    def may_plan(self, unit_id: int) -> bool:
        """Whether he may set and decompose targets of the unit: he heads it or a unit above it, or is an admin."""
        return self.plans_everything or unit_id in self.led_unit_ids

    def knows_targets(self, unit_id: int) -> bool:
        """Whether he may be told what he set as targets of the unit: he sees its figures, or plans there."""
        return self.sees_unit(unit_id) or self.may_plan(unit_id)

    def seen_units(self, unit_ids: Iterable[int]) -> list[int]:
        """Those of the units whose figures he may see, in their order."""
        return list(unit_ids) if self.everything else [unit_id for unit_id in unit_ids if unit_id in self.unit_ids]

    def named_units(self, unit_ids: Iterable[int]) -> list[int]:
        """Those of the units that he may know of, in their order."""
        named = self.units_with_names
        return list(unit_ids) if named is None else [unit_id for unit_id in unit_ids if unit_id in named]

    def rows_of_units(self, rows: list[Record], column: str = "id") -> list[Record]:
        """Those of the rows whose unit he may know of, in their order; the column has its id."""
        named = self.units_with_names
        return rows if named is None else [row for row in rows if row[column] in named]

    def rows_of_members(self, rows: list[Record]) -> list[Record]:
        """Those of the rows whose `member_id` is of a member that he may know of, in their order."""
        named = self.members_with_names
        return rows if named is None else [row for row in rows if row["member_id"] in named]

    def positions_of(self, member_ids: Iterable[int]) -> list[tuple[list[int], frozenset[int] | None]]:
        """Those of the members whose figures he may see, and in which positions: None for all of them.

        His own figures are whole; of others he sees what falls in the subtrees that he heads.
        """
        visible = [member_id for member_id in member_ids if self.sees_member(member_id)]
        if self.everything:
            return [(visible, None)]
        own = [member_id for member_id in visible if member_id == self.member_id]
        others = [member_id for member_id in visible if member_id != self.member_id]
        return [part for part in ((own, None), (others, self.led_unit_ids)) if part[0]]

    @property
    def units_with_figures(self) -> frozenset[int] | None:
        """For filters: the units whose figures he may see, None for all."""
        return None if self.everything else self.unit_ids

    @property
    def units_with_names(self) -> frozenset[int] | None:
        """For filters: the units that he may know of, None for all."""
        return None if self.everything else self.unit_ids | self.named_unit_ids

    @property
    def members_with_figures(self) -> frozenset[int] | None:
        """For filters: the members whose figures and dates he may see, None for all."""
        return None if self.everything else self.member_ids

    @property
    def members_with_names(self) -> frozenset[int] | None:
        """For filters: the members that he may know of, None for all."""
        return None if self.everything else self.member_ids | self.named_member_ids


@dataclass(frozen=True, slots=True)
class Posts:
    """What a member heads and holds on one day."""

    headed_ids: frozenset[int] = NOBODY
    held_ids: frozenset[int] = NOBODY
    heads_root: bool = False


NO_POSTS = Posts()

POSTS = """
SELECT CASE u.kind WHEN 'company' THEN 'root' ELSE 'headed' END AS part, h.unit_id, h.valid_from, h.valid_to
FROM headship h JOIN org_unit u ON u.company_id = h.company_id AND u.id = h.unit_id WHERE h.member_id = $1
UNION ALL SELECT 'held', position_id, valid_from, valid_to FROM holding WHERE member_id = $1
"""
"""Whatever a member ever headed (`part` is `root` or `headed`) or held (`held`), from when to when."""

# "IN (…) IS TRUE" is looked up in a hash table. As a join it would be planned by guess, since nobody knows beforehand
# how large a subtree is, and a wrong guess costs seconds.
_SUBTREES = """
WITH led AS (
    SELECT unit_id, max(depth) AS depth FROM unit_path
    WHERE ancestor_id = ANY($1::bigint[]) AND valid_from <= $3 AND $3 < valid_to GROUP BY unit_id
), held AS (
    SELECT position_id AS unit_id FROM holding
    WHERE member_id = $2 AND daterange(valid_from, valid_to) @> $3::date
)
SELECT CASE depth WHEN 0 THEN 'top' ELSE 'led' END AS part, unit_id AS id FROM led
UNION ALL SELECT 'held', unit_id FROM held
UNION SELECT 'above', ancestor_id FROM unit_path
    WHERE unit_id = ANY($1::bigint[] || ARRAY(SELECT unit_id FROM held)) AND depth > 0
    AND valid_from <= $3 AND $3 < valid_to
UNION SELECT CASE WHEN daterange(valid_from, valid_to) @> $3::date THEN 'member' ELSE 'former' END, member_id
    FROM holding WHERE position_id IN (SELECT unit_id FROM led) IS TRUE
UNION SELECT 'member', member_id FROM headship
    WHERE unit_id IN (SELECT unit_id FROM led) IS TRUE AND daterange(valid_from, valid_to) @> $3::date
"""


async def load_sight(reader: Snapshot | Transaction, viewer: Viewer, company: CompanyFacts, today: date) -> Sight:
    """The sight of `viewer` on `today`, a business date of the company; two statements at most.

    Admins and services that may read see everything, and so does the head of the root, who is no admin for that.
    """
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return await sight_of(reader, viewer, company, today, NO_POSTS)
    return await sight_of(reader, viewer, company, today, posts_on(await reader.fetch(POSTS, viewer.member_id), today))


def posts_on(rows: Iterable[Record], today: date) -> Posts:
    """The posts that last on `today`, of rows with `part`, `unit_id`, `valid_from` and `valid_to` (null: for ever)."""
    lasting = [
        (row["part"], row["unit_id"])
        for row in rows
        if (row["valid_from"] is None or row["valid_from"] <= today)
        and (row["valid_to"] is None or today < row["valid_to"])
    ]
    return Posts(
        frozenset(unit_id for part, unit_id in lasting if part != "held"),
        frozenset(unit_id for part, unit_id in lasting if part == "held"),
        any(part == "root" for part, _ in lasting),
    )


async def sight_of(
    reader: Snapshot | Transaction, viewer: Viewer, company: CompanyFacts, today: date, posts: Posts
) -> Sight:
    """The sight of a viewer whose posts on `today` are known; a statement for those who do not see everything."""
    unread = unread_sight(viewer, posts)
    return await read_sight(reader, viewer, company, today, posts) if unread is None else unread


def unread_sight(viewer: Viewer, posts: Posts) -> Sight | None:
    """The sight of whoever sees everything, or as nobody in the tree; None where the tree has to be read."""
    everything = viewer.may(Scope.READ) or posts.heads_root
    plans = viewer.may(Scope.TARGETS) or posts.heads_root
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return Sight(everything=everything, plans_everything=plans)
    if everything:
        return Sight(viewer.member_id, True, plans, headed_unit_ids=posts.headed_ids, held_unit_ids=posts.held_ids)
    return None


async def read_sight(
    reader: Snapshot | Transaction, viewer: Viewer, company: CompanyFacts, today: date, posts: Posts
) -> Sight:
    """What the tree shows on `today` to a member with these posts; one statement."""
    assert viewer.member_id is not None, "others have an unread sight"
    found = await reader.fetch(_SUBTREES, posts.headed_ids, viewer.member_id, today)
    return _sight(viewer.member_id, posts.headed_ids, _parts(found), company.members_see_ancestors)


def _parts(rows: Iterable[Record]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {part: set() for part in ("top", "led", "held", "above", "member", "former")}
    for row in rows:
        found[row["part"]].add(row["id"])
    return {part: frozenset(ids) for part, ids in found.items()}


def _sight(member_id: int, headed: frozenset[int], parts: dict[str, frozenset[int]], ancestors_too: bool) -> Sight:
    led = parts["top"] | parts["led"]
    own = led | parts["held"]
    return Sight(
        member_id,
        unit_ids=own | parts["above"] if ancestors_too else own,
        named_unit_ids=parts["above"],
        member_ids=parts["member"] | {member_id},
        named_member_ids=parts["former"] - parts["member"] - {member_id},
        headed_unit_ids=headed,
        led_unit_ids=led,
        top_unit_ids=parts["top"],
        held_unit_ids=parts["held"],
    )
