"""Homes for servers: data folders with short paths, cleared of processes afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.data_folders import copy_folder
from tests.integration.server.processes import Home
from tests.places import throwaway_folder


@contextmanager
def new_home() -> Iterator[Home]:
    """A home whose data folder does not exist yet."""
    parent = Path(tempfile.mkdtemp(prefix="ql-", dir=throwaway_folder())).resolve()
    parent.chmod(0o711)  # as root, the database's account passes through
    home = Home(parent / "data")
    try:
        yield home
    finally:
        home.clear()
        shutil.rmtree(parent)


@pytest.fixture
def home() -> Iterator[Home]:
    """A home for one test."""
    with new_home() as found:
        yield found


@pytest.fixture(scope="module")
def home_of_acme(folder_of_acme: Path) -> Iterator[Home]:
    """A home with the company `acme`."""
    with new_home() as found:
        copy_folder(folder_of_acme, found.data)
        yield found


@pytest.fixture
def founded(home_of_acme: Home) -> Iterator[Home]:
    """A home with the company `acme`, shared by the tests of a module; nothing runs in it between them."""
    yield home_of_acme
    home_of_acme.clear()
