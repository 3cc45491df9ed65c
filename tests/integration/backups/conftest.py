"""A database with a company, a back-up of it, and an empty database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.migrating import migrate
from tests.integration.backups.installations import OWNER, ROLE, Place, Superuser, fill, take


@pytest.fixture(scope="module")
def superuser(postgres: EmbeddedServer) -> Iterator[Superuser]:
    """Makes databases for an administrator who is no superuser, and takes everything away at the end."""
    found_superuser = Superuser(postgres)
    found_superuser.do(f"CREATE ROLE {OWNER} LOGIN BYPASSRLS CREATEROLE", f"CREATE ROLE {ROLE} LOGIN")
    # The tests' template has made it before; an installation's first migration makes it as this administrator.
    found_superuser.do(f"GRANT quotaloom_app TO {OWNER} WITH ADMIN OPTION")
    yield found_superuser
    found_superuser.do(f"DROP ROLE {ROLE}", f"DROP ROLE {OWNER}")


@pytest.fixture(scope="module")
def source(superuser: Superuser) -> Iterator[Place]:
    """A migrated database with a company."""
    with superuser.database("backup_from") as place:
        asyncio.run(migrate(place.admin, application_role=ROLE))
        asyncio.run(fill(place))
        yield place


@pytest.fixture(scope="module")
def path(source: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A back-up of it."""
    found_path: Path = asyncio.run(take(source, tmp_path_factory.mktemp("back-ups")))
    return found_path


@pytest.fixture
def target(superuser: Superuser) -> Iterator[Place]:
    """An empty database."""
    with superuser.database("backup_to") as place:
        yield place
