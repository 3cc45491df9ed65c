"""What a back-up says of itself."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from pydantic import BaseModel, ConfigDict

from quotaloom.platform.backups.checksums import TableSum
from quotaloom.platform.errors import InputError
from quotaloom.platform.schema_versions import unknown_migrations

FORMAT: Final = 1
SCRIPT: Final = "database.sql"
MANIFEST: Final = "manifest.json"

DAMAGED: Final = (
    *(BadZipFile, zlib.error, EOFError, ValueError, ArithmeticError, struct.error),
    KeyError,  # no entry of that name
    RuntimeError,  # locked with a password, or by a method of packing that there is not
)
"""What a file that is no back-up, or a damaged one, ends in."""


class Manifest(BaseModel):
    """Written last, so that a back-up that has it is whole. Tables are named with their schema."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    version: str
    taken_at: datetime
    postgres: str
    migrations: tuple[str, ...]
    tables: dict[str, TableSum]
    signing_key: str | None

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.rows for table in self.tables.values())


def read_manifest(path: Path) -> Manifest:
    """The manifest of a back-up; raises `InputError` NO_BACKUP or BACKUP_TOO_NEW."""
    try:
        with ZipFile(path) as archive:
            manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except OSError as error:
        raise InputError("NO_BACKUP", f"{path} cannot be read: {error.strerror}.") from None
    except DAMAGED:
        raise InputError(
            "NO_BACKUP", f"{path} is no whole back-up of Quotaloom; `quotaloom backup FILE` makes one."
        ) from None
    newer = unknown_migrations(manifest.migrations)
    if newer or manifest.format > FORMAT:
        what = f" with {', '.join(newer)}" if newer else ""
        raise InputError(
            "BACKUP_TOO_NEW",
            f"{path} was made by Quotaloom {manifest.version}{what}, which this version does not know. "
            "Restore it with that version or a later one.",
        )
    return manifest
