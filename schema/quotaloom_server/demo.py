"""The demo company, loaded with a progress bar."""

from __future__ import annotations

from datetime import datetime

from rich.progress import Progress

from quotaloom.demo.loading import DemoCompany, load_demo
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom_server.output import ASIDE


async def load_demo_shown(database: Database, now: datetime, *, strict: bool) -> DemoCompany:
    """Load the demo company where it is missing or incomplete; see `load_demo`."""
    policies = PolicyHost(discover(strict=strict))
    with Progress(console=ASIDE, transient=True, disable=not ASIDE.is_terminal) as progress:
        task = progress.add_task("Loading the demo company", total=None, visible=False)

        def show(what: str, done: int, total: int) -> None:
            progress.update(
                task, description=f"Loading the demo company: {what}", completed=done, total=total, visible=True
            )

        demo = await load_demo(database, policies, now=now, progress=show)
    if demo.created:
        ASIDE.print("The demo company is loaded: its key is demo.")
    return demo
