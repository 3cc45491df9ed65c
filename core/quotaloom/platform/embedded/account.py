"""Which operating-system account the server runs as, and what that account can reach."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from quotaloom.platform.embedded.errors import EmbeddedError

PREFERRED = ("quotaloom", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Numbers of an operating-system account; `changes` tells whether it is another one than the caller's."""

    uid: int
    gid: int
    changes: bool

    def can_enter(self, folder: Path) -> bool:
        """Whether the folder and every folder above it may be traversed; the caller's own account always can."""
        return not self.changes or all(self._may_execute(part) for part in (folder, *folder.parents))

    def can_run(self, program: Path) -> bool:
        """Whether this account may execute the program where it lies."""
        return not self.changes or (self._may_execute(program) and self.can_enter(program.parent))

    def own(self, path: Path) -> None:
        """Give a file or folder that the caller has just made to this account."""
        if self.changes:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _may_execute(self, path: Path) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def account_for(folder: Path) -> Account:
    """The account that runs the server of a data folder: the caller's, or for root the folder owner's."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), changes=False)
    status = folder.stat()
    if status.st_uid != 0:
        return Account(status.st_uid, status.st_gid, changes=True)
    return _unprivileged()


def _unprivileged() -> Account:
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, changes=True)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this machine has neither the account 'quotaloom' nor 'nobody'. "
        "Create one of them (useradd --system quotaloom) or start as another user."
    )
