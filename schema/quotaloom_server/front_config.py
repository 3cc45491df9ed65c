"""What the protocols of a serving process have in common."""

from __future__ import annotations

from typing import Any

import uvicorn

from quotaloom.platform.limits import Limits
from quotaloom_server.crowd import Crowd


class FrontConfig(uvicorn.Config):
    """uvicorn's settings, the limits of requests, and the connections of the process."""

    def __init__(self, limits: Limits, application: Any, **options: Any) -> None:
        super().__init__(application, **options)
        self.limits = limits
        self.crowd = Crowd(limits.open_connections, limits.spare_connections)
