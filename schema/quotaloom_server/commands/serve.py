"""`quotaloom serve`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Annotated

import typer

from quotaloom.platform.embedded import Terminated, ending_on_signals
from quotaloom.platform.settings import Settings, load_settings
from quotaloom.policies.discovery import Discovery
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import DatabaseUrls, bring_up_to_date, connected, database_urls
from quotaloom_server.demo import load_demo_shown
from quotaloom_server.greeting import Greeting, greeting
from quotaloom_server.hosting import find_plugins
from quotaloom_server.listening import listen, taken
from quotaloom_server.logs import configure_logging
from quotaloom_server.output import ASIDE, raw
from quotaloom_server.signals import run


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="Address to serve on; 0.0.0.0 for all.  [default: QUOTALOOM_HOST or 127.0.0.1]"
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Port to serve on.  [default: QUOTALOOM_PORT or 8000]"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=64, help="Serving processes.  [default: QUOTALOOM_WORKERS or 1]"),
    ] = None,
    jobs: Annotated[
        bool | None,
        typer.Option(
            "--jobs/--no-jobs",
            help="Do jobs, such as nightly ones, too, or leave them to `quotaloom worker`."
            "  [default: QUOTALOOM_JOBS or --jobs]",
        ),
    ] = None,
    with_demo: Annotated[
        bool, typer.Option("--with-demo", help="Load the demo company, if it is not there yet.")
    ] = False,
) -> None:
    """Serve the graph over HTTP.

    Starts the embedded database, unless QUOTALOOM_DATABASE_URL names one, and brings it up to date. Ctrl-C ends
    both once the requests under way are answered.
    """
    settings = load_settings(host=host, port=port, workers=workers, jobs=jobs)
    configure_logging(settings.log_level)
    try:
        with (
            ending_on_signals(),
            taken(settings.host, settings.port) as sockets,
            database_urls(settings) as urls,
        ):
            welcome = run(_prepare(settings, urls, with_demo=with_demo))
            plugins = run(find_plugins(settings))
            listen(sockets, settings.host, settings.port)
            _run(settings, urls, plugins, sockets, lambda: raw(str(welcome)))
    except Terminated:
        ASIDE.print("Stopped.")


async def _prepare(settings: Settings, urls: DatabaseUrls, *, with_demo: bool) -> Greeting:
    await bring_up_to_date(urls, lambda name: ASIDE.print(f"Preparing the database: {name}"))
    async with connected(settings, urls) as database:
        if with_demo:
            await load_demo_shown(database, utc_now(), strict=settings.plugins_strict)
        return await greeting(settings, urls, database, utc_now())


def _run(
    settings: Settings,
    urls: DatabaseUrls,
    plugins: Discovery,
    sockets: list[socket.socket],
    started: Callable[[], object],
) -> None:
    if settings.workers == 1:
        from quotaloom_server.application import create_application
        from quotaloom_server.serving import Server

        application = create_application(settings, urls.application, plugins=plugins, jobs=settings.jobs)
        Server(application, started).run(sockets)
        return
    from quotaloom_server.workers import Workers

    with Workers(settings, urls.application, plugins, sockets) as processes:
        processes.start()
        started()
        processes.watch()
