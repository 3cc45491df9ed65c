"""What heads and holders see, kept in the process while the organization stands as it was read."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from quotaloom.organizations.sight import Posts, Sight, read_sight, unread_sight
from quotaloom.platform.access import Viewer
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts

MOST_IDS: Final = 250_000
"""How many ids of units and members a process keeps, of those who asked last; about 100 bytes each."""


@dataclass(slots=True)
class KeptSights:
    """The sights of many members of many companies, for one process.

    Every request reads its company's facts in its own snapshot, and `organization_version` in them grows with each
    change of paths, heads and holders: a sight is given out for the very state in which it was read, so it is never
    stale.
    """

    most_ids: int = MOST_IDS
    _kept: dict[tuple[int, int | None], tuple[Hashable, Sight]] = field(default_factory=dict)
    _ids: int = 0

    async def of(self, snapshot: Snapshot, viewer: Viewer, company: CompanyFacts, today: date, posts: Posts) -> Sight:
        """The sight on `today` of a viewer with these posts; one statement where the tree is read."""
        unread = unread_sight(viewer, posts)
        if unread is not None:
            return unread
        key = company.id, viewer.member_id
        state = company.organization_version, company.members_see_ancestors, today, posts
        sight = self._taken(key, state)
        if sight is None:
            sight = await read_sight(snapshot, viewer, company, today, posts)
        self._keep(key, state, sight)
        return sight

    def _taken(self, key: tuple[int, int | None], state: Hashable) -> Sight | None:
        if key not in self._kept:
            return None
        known, sight = self._kept.pop(key)
        self._ids -= _size(sight)
        return sight if known == state else None

    def _keep(self, key: tuple[int, int | None], state: Hashable, sight: Sight) -> None:
        self._taken(key, None)  # another request of the same member may have been quicker
        self._kept[key] = state, sight
        self._ids += _size(sight)
        while self._ids > self.most_ids:
            self._taken(next(iter(self._kept)), None)


def _size(sight: Sight) -> int:
    units = sight.unit_ids, sight.named_unit_ids, sight.led_unit_ids
    return sum(map(len, (*units, sight.member_ids, sight.named_member_ids)))
