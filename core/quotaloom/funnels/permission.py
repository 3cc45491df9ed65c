"""Who may work on the deals of a position: whoever may work on its other records."""

from __future__ import annotations

from quotaloom.ownership.permission import require_position as require_position
from quotaloom.ownership.permission import require_seller as require_seller
from quotaloom.ownership.permission import unknown as unknown
from quotaloom.ownership.permission import worked_positions as worked_positions
