"""Who runs the server, and where its folders go."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from quotaloom.platform.embedded import EmbeddedError, EmbeddedPostgres
from quotaloom.platform.embedded.account import account_for
from quotaloom.platform.embedded.folders import folders_for, make_folder
from tests.integration.embedded.conftest import Hold, ask, leave, server_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try other accounts")
with_setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")

NOBODY = 65534


def nobody() -> tuple[str, ...]:
    """Run as another user, who may still read an interpreter below root's home."""
    return (
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    )


def test_the_server_never_runs_as_root(data: Path) -> None:
    """PostgreSQL's folder is private to the account it runs as: the caller's own, and for root another one."""
    with EmbeddedPostgres(data, fsync=False):
        cluster = (data / "postgres").stat()
    if os.geteuid() == 0:
        assert cluster.st_uid != 0
    else:
        assert cluster.st_uid == os.geteuid()
    assert cluster.st_mode & 0o777 == 0o700


@as_root
def test_root_goes_elsewhere_rather_than_opening_a_private_folder(data: Path) -> None:
    """Below a folder that only root may enter, the server's folder is made somewhere else and nothing is loosened."""
    private, shared = data / "private", data / "shared"
    private.mkdir(parents=True, mode=0o700)
    data.chmod(0o711)
    folders = folders_for(private / "quotaloom", shared)
    assert folders.home.parent == shared
    assert folders.account.can_enter(folders.home)
    assert private.stat().st_mode & 0o777 == 0o700
    assert folders_for(private / "quotaloom", shared) == folders


@as_root
def test_folder_of_root_is_never_seen_closed(data: Path) -> None:
    """Whoever finds the data folder while another makes it, finds it open to the server's account at once."""
    folders = [data / str(number) for number in range(200)]
    done = Event()

    def watch() -> set[int]:
        seen: set[int] = set()
        while not done.is_set():
            seen |= {status.st_mode & 0o777 for folder in folders if (status := _status(folder)) is not None}
        return seen

    with ThreadPoolExecutor() as threads:
        watching = threads.submit(watch)
        for folder in folders:
            list(threads.map(make_folder, [folder] * 3))
        done.set()
    assert watching.result() <= {0o711}
    assert {folder.name for folder in data.iterdir()} == {folder.name for folder in folders}


def _status(folder: Path) -> os.stat_result | None:
    try:
        return folder.stat()
    except FileNotFoundError:
        return None


@as_root
def test_root_runs_the_server_of_another_user_as_that_user(data: Path) -> None:
    """With a data folder of somebody else, root leaves no file in it that the owner could not use."""
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    assert account_for(data).uid == NOBODY
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1
    assert {path.stat().st_uid for path in data.iterdir()} == {NOBODY}


@as_root
@with_setpriv
def test_a_second_user_has_a_server_of_their_own(data: Path, hold: Hold) -> None:
    """While one user's server runs, another user starts one in their own folder; neither notices the other."""
    theirs = data.parent / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, NOBODY, NOBODY)
    with EmbeddedPostgres(data, fsync=False) as server:
        other = hold(theirs, *nobody())
        assert server_of(other) != server.pid
        leave(other)
        assert ask(server, "SELECT 1") == 1


@as_root
@with_setpriv
def test_a_second_user_in_the_same_folder_is_told(data: Path, hold: Hold) -> None:
    """A folder of somebody else is refused with what to do about it."""
    with EmbeddedPostgres(data, fsync=False):
        other = hold(data, *nobody())
        message = other.communicate(timeout=60)[1]
    assert "Permission denied" in message
    assert "QUOTALOOM_DATA_DIR" in message


@as_root
def test_root_says_when_a_database_is_out_of_reach(data: Path) -> None:
    """A database that root's server account can no longer reach is named, not silently replaced by an empty one."""
    with EmbeddedPostgres(data, fsync=False):
        pass
    data.chmod(0o700)
    with pytest.raises(EmbeddedError, match="cannot be reached"):
        EmbeddedPostgres(data).start()
