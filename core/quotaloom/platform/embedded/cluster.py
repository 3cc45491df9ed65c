"""The database cluster on disk: made once, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from quotaloom.platform.embedded.account import Account
from quotaloom.platform.embedded.binaries import Binaries
from quotaloom.platform.embedded.errors import EmbeddedError
from quotaloom.platform.embedded.folders import Folders

MAJOR_VERSION = "18"
SUPERUSER = "quotaloom_admin"


def ensure_cluster(folders: Folders, binaries: Binaries, *, fsync: bool) -> None:
    """Make the cluster if it is missing; the caller holds the change lock.

    It is made in a folder of another name and renamed when it is complete: a start that is killed halfway
    leaves nothing that could be taken for a cluster. Raises EmbeddedError for a cluster of another version.
    """
    for leftover in folders.home.glob(f"{folders.cluster.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if folders.cluster.exists():
        _check_version(folders.cluster)
        return
    partial = Path(tempfile.mkdtemp(prefix=f"{folders.cluster.name}.new-", dir=folders.home))
    folders.account.own(partial)
    _initdb(partial, binaries, folders.account, fsync=fsync)
    partial.rename(folders.cluster)
    if fsync:
        _sync(folders.home)


def run_as(account: Account) -> tuple[dict[str, str], int | None, int | None, list[int] | None]:
    """Environment, user, group and extra groups of a server process. The environment is not the caller's."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    if not account.changes:
        return environment, None, None, None
    return environment, account.uid, account.gid, []


def _initdb(target: Path, binaries: Binaries, account: Account, *, fsync: bool) -> None:
    options = [
        f"--pgdata={target}",
        f"--username={SUPERUSER}",
        "--auth=trust",  # the folder of the socket is private; there is no other way in
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if fsync else ["--no-sync"]),
    ]
    environment, user, group, extra_groups = run_as(account)
    done = subprocess.run(
        [str(binaries.initdb), *options],
        cwd=target,
        env=environment,
        user=user,
        group=group,
        extra_groups=extra_groups,
        umask=0o077,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL's initdb failed in {target.parent}: {done.stderr.strip()}")


def _check_version(cluster: Path) -> None:
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except PermissionError:
        owner = cluster.stat().st_uid
        raise EmbeddedError(
            f"The database folder {cluster} belongs to user number {owner}. Start as that user, "
            "or set QUOTALOOM_DATA_DIR to a folder of your own."
        ) from None
    except FileNotFoundError:
        raise EmbeddedError(
            f"{cluster} is not a PostgreSQL folder. Move it away, or set QUOTALOOM_DATA_DIR to another folder."
        ) from None
    if found != MAJOR_VERSION:
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR_VERSION}. Dump it with "
            "the old version and load the dump, or set QUOTALOOM_DATA_DIR to another folder."
        )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
