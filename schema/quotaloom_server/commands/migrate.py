"""`quotaloom migrate`."""

from __future__ import annotations

from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import load_settings
from quotaloom_server.databases import bring_up_to_date, database_urls
from quotaloom_server.output import ASIDE
from quotaloom_server.signals import run


def migrate() -> None:
    """Bring the database to this version's schema.

    Safe to repeat. `quotaloom serve` does it, too.
    """
    settings = load_settings()
    applied: list[str] = []

    def tell(name: str) -> None:
        applied.append(name)
        ASIDE.print(f"Applying {name}")

    with ending_on_signals(), database_urls(settings) as urls:
        run(bring_up_to_date(urls, tell))
    ASIDE.print("The database is up to date." if applied else "The database was up to date already.")
