"""Where the embedded server keeps its things, decided once and found again by every process."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from quotaloom.platform.embedded.account import Account, account_for
from quotaloom.platform.embedded.errors import EmbeddedError

SHARED = Path("/var/lib/quotaloom")
CLUSTER = "postgres"
LONGEST_SOCKET_PATH = 103  # bytes: macOS allows 103, Linux 107
SOCKET_NAME = ".s.PGSQL.65535"


@dataclass(frozen=True, slots=True)
class Folders:
    """The places of one server, all in `home`, which is the data folder wherever that is possible."""

    home: Path
    account: Account
    shared: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder, owned by the server's account alone."""
        return self.home / CLUSTER

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.home / "postgres.users.lock"

    @property
    def change_lock(self) -> Path:
        """Held while the server is started or stopped."""
        return self.home / "postgres.change.lock"

    @property
    def alive_lock(self) -> Path:
        """Held by the server's own processes as long as any of them lives."""
        return self.home / "postgres.alive.lock"

    @property
    def log(self) -> Path:
        """What PostgreSQL prints."""
        return self.home / "postgres.log"

    def sockets(self) -> Path:
        """The private folder of the unix socket, made if it is missing.

        It lies in `home`; a path too long for a socket falls back to a folder of the system's temporary
        folder, named by a hash of `home`. Raises EmbeddedError where that belongs to somebody else.
        """
        folder = self.home / "socket"
        if _too_long(folder):
            digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
            folder = self._temporary() / f"quotaloom-{self.account.uid}-{digest}"
        return _private(folder, self.account)

    def _temporary(self) -> Path:
        folder = Path(tempfile.gettempdir()).resolve()
        usable = self.account.can_enter(folder) and not _too_long(folder / ("x" * 40))
        return folder if usable else Path("/tmp")  # noqa: S108 - a folder of ours in it is checked for its owner


def folders_for(data_dir: Path, shared: Path = SHARED) -> Folders:
    """The places that belong to a data folder; makes the folder if it is missing.

    Everything lies in the data folder itself. Only where root starts the server and the server's account
    cannot enter the data folder (below root's own home, say) a folder of `shared`, named by a hash, takes
    its place: no folder that is there already is opened up for others.
    """
    data_dir = data_dir.absolute()
    make_folder(data_dir)
    data_dir = data_dir.resolve()
    account = account_for(data_dir)
    elsewhere = shared / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    reachable, here = account.can_enter(data_dir), (data_dir / CLUSTER).exists()
    if here and not reachable:
        raise EmbeddedError(
            f"The database in {data_dir} cannot be reached by user number {account.uid}, who runs PostgreSQL "
            "when root starts it. Let others pass through the folders above it, or start as its owner."
        )
    if here or (reachable and not (account.changes and (elsewhere / CLUSTER).exists())):
        return Folders(data_dir, account, shared)
    for folder in (shared, elsewhere):
        make_folder(folder)
    return Folders(elsewhere, account, shared)


def make_folder(folder: Path) -> None:
    """Make a missing folder: ours alone, but as root one that the server's account may pass through."""
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _make_at_once(folder, 0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {folder} cannot be made: {error.strerror}. "
            "Set QUOTALOOM_DATA_DIR to a folder that you may write."
        ) from error


def _make_at_once(folder: Path, mode: int) -> None:
    """Let the folder appear with its mode, unless another process does so first.

    One that got its mode a moment after it was made would look closed to a process that starts at that moment,
    which would make a second database elsewhere. The rename may only ever replace a folder that is still empty.
    """
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        made.chmod(mode)
        made.rename(folder)
    except OSError:
        made.rmdir()
        if not folder.is_dir():
            raise


def _private(folder: Path, account: Account) -> Path:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        account.own(folder)
    status = folder.lstat()
    if status.st_uid != account.uid or status.st_mode != stat.S_IFDIR | 0o700:
        raise EmbeddedError(
            f"{folder} is not a private folder of user number {account.uid}, as the server's socket needs it. "
            "Remove it, or set QUOTALOOM_DATA_DIR to another path."
        )
    return folder


def _too_long(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH
