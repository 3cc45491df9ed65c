"""A real PostgreSQL 18 that the product runs itself, for development, tests and small installations.

The server is a child process in a session of its own, listening on a unix socket in a private folder
and nowhere else. Several processes may use one data folder; the last one to leave stops the server.
Where that process was killed, the server stays behind and the next start adopts it.

PostgreSQL refuses to run as root. Started by root, it runs as the owner of the data folder, or, where
that is root too, as the account `quotaloom` if there is one and `nobody` otherwise.
"""

from quotaloom.platform.embedded.cluster import SUPERUSER
from quotaloom.platform.embedded.errors import EmbeddedError
from quotaloom.platform.embedded.server import EmbeddedPostgres, EmbeddedServer
from quotaloom.platform.embedded.signals import Terminated, ending_on_signals
from quotaloom.platform.embedded.temporary import temporary_postgres

__all__ = [
    "SUPERUSER",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "Terminated",
    "ending_on_signals",
    "temporary_postgres",
]
