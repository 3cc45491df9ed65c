"""A disk that is full, or fails to keep what it was given: a small library in front of PostgreSQL's own calls."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("disk_faults.c")
RUN_AS = "quotaloom.platform.embedded.postmaster.run_as"
_NUMBER = struct.Struct("i")
_FIELDS = ("loaded", "full", "failing_syncs", "refused", "failed")


class Disk:
    """What the library is told, and what it has done, on a page that all processes of PostgreSQL share."""

    def __init__(self, page: mmap.mmap) -> None:
        self._page = page

    def __getattr__(self, name: str) -> int:
        number: int = _NUMBER.unpack_from(self._page, _FIELDS.index(name) * _NUMBER.size)[0]
        return number

    def tell(self, name: str, number: int) -> None:
        """Set `full` to the error with which files do not grow (0: none), `failing_syncs` to how many are to fail."""
        _NUMBER.pack_into(self._page, _FIELDS.index(name) * _NUMBER.size, number)


@contextmanager
def faulty_disk() -> Iterator[Disk | str]:
    """A disk for the servers that are started while the block runs; where it cannot be made, the reason."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        yield "a C compiler on Linux is needed to let a disk fail"
        return
    with tempfile.TemporaryDirectory(prefix="ql-disk-") as folder, pytest.MonkeyPatch.context() as patch:
        library, page = Path(folder, "disk_faults.so"), Path(folder, "page")
        made = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            yield f"the library that lets a disk fail is not compiled here: {made.stderr[-300:]}"
            return
        page.write_bytes(bytes(mmap.PAGESIZE))
        for path, mode in ((Path(folder), 0o755), (library, 0o755), (page, 0o666)):
            path.chmod(mode)  # PostgreSQL may run as somebody else
        _preload(patch, library, page)
        with page.open("r+b") as file, mmap.mmap(file.fileno(), mmap.PAGESIZE) as shared:
            yield Disk(shared)


def _preload(patch: pytest.MonkeyPatch, library: Path, page: Path) -> None:
    from quotaloom.platform.embedded.cluster import run_as

    def with_the_library(account: Any) -> Any:
        environment, *others = run_as(account)
        return {**environment, "LD_PRELOAD": str(library), "DISK_FAULTS": str(page)}, *others

    patch.setattr(RUN_AS, with_the_library)
