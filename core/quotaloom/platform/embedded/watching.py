"""Looking after the server from a thread of its own, as long as this process uses it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from quotaloom.platform.embedded.errors import EmbeddedError

SECONDS = 0.5
"""How often the server is looked after: a glance at its pid file."""

LONGEST_PAUSE = 5.0
"""Seconds between attempts to start one that does not start, such as on a full disk: doubled up to that."""

_log = logging.getLogger(__name__)


class Watch:
    """Calls `look` again and again, until `end`; what goes wrong in it is logged, and tried again."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="embedded-postgres-watch", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether nobody wants the server any more."""
        return self._ended.is_set()

    def end(self) -> None:
        """Look no more; one look may still be under way."""
        self._ended.set()

    def _watch(self) -> None:
        pause = SECONDS
        while not self._ended.wait(pause):
            try:
                self._look()
                pause = SECONDS
            except (EmbeddedError, OSError) as error:
                _log.error("the embedded database does not come back: %s", error)
                pause = min(2 * pause, LONGEST_PAUSE)
