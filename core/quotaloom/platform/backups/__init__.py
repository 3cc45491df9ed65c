"""Back-ups: one file with everything that the database holds, and a checksum of each table.

The file is a ZIP archive of `database.sql`, which `psql` understands, and `manifest.json`, which says what it holds.
"""

from quotaloom.platform.backups.manifest import Manifest, read_manifest
from quotaloom.platform.backups.restoring import restore
from quotaloom.platform.backups.taking import back_up

__all__ = ["Manifest", "back_up", "read_manifest", "restore"]
