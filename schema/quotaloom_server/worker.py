"""One of several serving processes: started by `workers`, told what to serve on its input.

It ends when its input does, so none outlives the process that started it, however that one ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading

from quotaloom.platform.settings import load_settings
from quotaloom_server.application import create_application
from quotaloom_server.hosting import unpacked
from quotaloom_server.logs import configure_logging
from quotaloom_server.serving import Server

INPUT = 0
READY = "ready"


def main() -> None:
    """Serve what the first line of the input says, until the input or a signal ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = json.loads(_first_line())
    settings = load_settings(**order["settings"])
    configure_logging(settings.log_level)
    plugins = unpacked(settings, order["described"])
    application = create_application(settings, order["database_url"], plugins=plugins, jobs=settings.jobs)
    server = Server(application, started=lambda: print(READY, flush=True))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    server.run([socket.socket(fileno=number) for number in order["sockets"]])


def _first_line() -> bytes:
    with open(INPUT, "rb", buffering=0, closefd=False) as unbuffered:
        return unbuffered.readline()


def _end_with_input(server: Server) -> None:
    while os.read(INPUT, 1024):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
