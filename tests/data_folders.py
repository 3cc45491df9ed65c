"""A data folder with a company in it, as a server leaves it behind: made once in a test process, and copied."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from quotaloom.founding import found_company
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.settings import Settings
from quotaloom.policies.host import PolicyHost
from quotaloom_server.databases import DatabaseUrls, bring_up_to_date, connected, database_urls
from quotaloom_server.keys import token_authority
from tests.loaded_once import built_in_plugins
from tests.places import throwaway_folder


@contextmanager
def folder_with_acme() -> Iterator[Path]:
    """A folder with the company `acme` and its admin Ada, which nothing uses."""
    parent = Path(tempfile.mkdtemp(prefix="ql-", dir=throwaway_folder())).resolve()
    parent.chmod(0o711)  # as root, the database's account passes through
    try:
        settings = Settings(data_dir=parent / "data")
        token_authority(settings)
        with database_urls(settings) as urls:
            asyncio.run(_found(settings, urls))
        yield settings.data_dir
    finally:
        shutil.rmtree(parent)


def copy_folder(made: Path, target: Path) -> None:
    """Copy it with its owners and rights; the target does not exist yet."""
    subprocess.run(["cp", "-a", str(made), str(target)], check=True)


async def _found(settings: Settings, urls: DatabaseUrls) -> None:
    await bring_up_to_date(urls)
    company, admin = NewCompany("acme", "Acme", "CNY"), NewMember("Ada", role="admin", key="admin")
    async with connected(settings, urls) as database:
        host = PolicyHost(built_in_plugins())
        await found_company(database, host, company, admin, subject="operator", now=datetime.now(UTC))
