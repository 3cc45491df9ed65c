"""`quotaloom worker`."""

from __future__ import annotations

import asyncio

from quotaloom.platform.embedded import Terminated, ending_on_signals
from quotaloom.platform.jobs.storage import require_installed
from quotaloom.platform.settings import Settings, load_settings
from quotaloom.policies.host import PolicyHost
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import DatabaseUrls, connected, database_urls
from quotaloom_server.hosting import find_plugins, policy_host
from quotaloom_server.jobs import working
from quotaloom_server.logs import configure_logging
from quotaloom_server.output import ASIDE, raw
from quotaloom_server.signals import run


def worker() -> None:
    """Do jobs, such as nightly ones, and serve nothing.

    `quotaloom serve` does them as well, unless QUOTALOOM_JOBS is false. Any number may work on one database at once.
    Ctrl-C ends it once the jobs under way are done, or given back after a few seconds.
    """
    settings = load_settings()
    configure_logging(settings.log_level)
    try:
        with ending_on_signals(), database_urls(settings) as urls:
            plugins = run(find_plugins(settings))
            run(_work(settings, urls, policy_host(settings, plugins)))
    except Terminated:
        ASIDE.print("Stopped.")


async def _work(settings: Settings, urls: DatabaseUrls, policies: PolicyHost) -> None:
    async with connected(settings, urls) as database:
        async with database.snapshot(0) as snapshot:
            await require_installed(snapshot)
        async with policies, working(database, urls.application, policies, utc_now):
            raw("Quotaloom does jobs. Ctrl-C ends it.\n")
            await asyncio.Event().wait()
