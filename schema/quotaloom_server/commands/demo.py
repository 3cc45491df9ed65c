"""`quotaloom demo`."""

from __future__ import annotations

from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import load_settings
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import connected, database_urls
from quotaloom_server.demo import load_demo_shown
from quotaloom_server.output import ASIDE
from quotaloom_server.signals import run


def demo() -> None:
    """Load the demo company, if it is not there yet.

    Three regions, ten teams, sixty positions and two years of deals, under the key demo. Safe to repeat.
    """
    settings = load_settings()
    with ending_on_signals(), database_urls(settings) as urls:

        async def load() -> None:
            async with connected(settings, urls) as database:
                demo = await load_demo_shown(database, utc_now(), strict=settings.plugins_strict)
                if not demo.created:
                    ASIDE.print("The demo company is there: its key is demo.")

        run(load())
