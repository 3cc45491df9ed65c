"""Who watches attainment in this process, and telling them: within a moment, gathered, and only what they watch.

The feed is told what changed anywhere (`told`, with the payload of a notification) and that something may have been
missed (`missed`). It gathers for `GATHERING_SECONDS`, looks up once per company which watched units lie above what
changed, and marks them. A watcher holds a set of marked units and never a queue, so one that is slow costs no memory:
he finds out once what changed while he was busy. What a watcher may see, he reads for himself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from quotaloom.platform.attainment_changes import AttainmentChange, Numbers, read_payload
from quotaloom.platform.database import Database
from quotaloom.platform.limits import Limits
from quotaloom.platform.subscribers import Subscribers

GATHERING_SECONDS: Final = 0.25
"""For how long changes are gathered before watchers are told."""

MOST_GATHERED: Final = 5000
"""How many changed units are remembered while gathering; more of them count as all."""

_ABOVE = """
SELECT DISTINCT ancestor_id FROM unit_path WHERE unit_id = ANY($1::bigint[]) AND ancestor_id = ANY($2::bigint[])
"""

_log = logging.getLogger(__name__)


class Watcher:
    """One who watches units of a company: some metrics of them, or None for all."""

    def __init__(self, unit_ids: Collection[int], metric_ids: Numbers) -> None:
        self.unit_ids = tuple(dict.fromkeys(unit_ids))
        self._watched = frozenset(self.unit_ids)
        self._metric_ids = metric_ids
        self._marked: set[int] = set()
        self._event = asyncio.Event()

    def mark(self, unit_ids: Collection[int], metric_ids: Numbers = None) -> None:
        """Note that these units changed, as far as they and one of these metrics are watched; None is any metric."""
        concerned = metric_ids is None or self._metric_ids is None or metric_ids & self._metric_ids
        marked = self._watched.intersection(unit_ids) if concerned else ()
        if marked:
            self._marked.update(marked)
            self._event.set()

    async def changed(self) -> None:
        """Wait until some of the watched units are marked."""
        await self._event.wait()

    def take(self) -> frozenset[int]:
        """The units that were marked since the last time, none twice."""
        taken = frozenset(self._marked)
        self._marked.clear()
        self._event.clear()
        return taken


class AttainmentFeed:
    """All watchers of one process. Use it as an async context: at its end nobody is told any more."""

    def __init__(self, database: Database, limits: Limits | None = None, *, turns: int = 4) -> None:
        """`limits` say how many may watch; `turns` how many may read at once, so that requests find connections too."""
        self._database = database
        self._subscribers = Subscribers(limits or Limits())
        self._watchers: dict[int, set[Watcher]] = defaultdict(set)
        self._gathered: dict[int, AttainmentChange] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self.turns = asyncio.Semaphore(turns)

    async def __aenter__(self) -> AttainmentFeed:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    @property
    def watching(self) -> int:
        """How many watch at present."""
        return self._subscribers.count

    def refuse_more(self, company_id: int, subject: str) -> None:
        """Raise `LimitExceeded` where there may be no more of them; see `Subscribers`."""
        self._subscribers.refuse_more(company_id, subject)

    @contextmanager
    def watch(
        self, company_id: int, subject: str, unit_ids: Collection[int], metric_ids: Numbers = None
    ) -> Iterator[Watcher]:
        """Watch units while the block runs; at first all of them are marked. Raises as `refuse_more`."""
        with self._subscribers.counted(company_id, subject):
            watcher = Watcher(unit_ids, metric_ids)
            watcher.mark(watcher.unit_ids)
            self._watchers[company_id].add(watcher)
            try:
                yield watcher
            finally:
                self._watchers[company_id].discard(watcher)
                if not self._watchers[company_id]:
                    del self._watchers[company_id]

    def told(self, payload: str) -> None:
        """Take the payload of a notification; raises `ValueError` for what is none."""
        company_id, change = read_payload(payload)
        if company_id not in self._watchers:
            return
        before = self._gathered.get(company_id)
        joined = change if before is None else before.joined(change)
        if joined.unit_ids is not None and len(joined.unit_ids) > MOST_GATHERED:
            joined = AttainmentChange(joined.metric_ids, None)
        self._gathered[company_id] = joined
        if before is None:
            task = asyncio.ensure_future(self._tell(company_id))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def missed(self) -> None:
        """Notifications may have been missed: everything that anybody watches counts as changed."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.mark(watcher.unit_ids)

    async def _tell(self, company_id: int) -> None:
        await asyncio.sleep(GATHERING_SECONDS)
        change = self._gathered.pop(company_id)
        watched = frozenset[int]().union(*(one.unit_ids for one in self._watchers.get(company_id, ())))
        changed = await self._above(company_id, change.unit_ids, watched) if watched else watched
        for watcher in self._watchers.get(company_id, ()):
            # Whoever came while we looked was not looked up: he began to read after the change.
            watcher.mark(changed, change.metric_ids)

    async def _above(self, company_id: int, unit_ids: Numbers, watched: frozenset[int]) -> frozenset[int]:
        """Those of the watched units that are, or ever were, these units or above them; all where nobody can tell."""
        if unit_ids is None:
            return watched
        try:
            async with self._database.snapshot(company_id) as snapshot:
                rows = await snapshot.fetch(_ABOVE, list(unit_ids), list(watched))
        except Exception:
            _log.exception("who lies above units whose attainment changed could not be read")
            return watched
        return frozenset(row["ancestor_id"] for row in rows)
