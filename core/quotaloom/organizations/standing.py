"""What the rights of whoever asks hang on, to be compared with what they hung on before."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from quotaloom.organizations.sight import Sight
from quotaloom.platform.access import Viewer
from quotaloom.platform.kept_answers import Standing


def standing_of(viewer: Viewer, sight: Sight, pool_ids: Iterable[int] = ()) -> Standing:
    """His role or scopes, what he heads and holds, the pools that he looks after; and which units he leads by that."""
    grants = {
        viewer.role.value,
        *viewer.scopes,
        *(f"heads {unit_id}" for unit_id in sight.headed_unit_ids),
        *(f"holds {unit_id}" for unit_id in sight.held_unit_ids),
        *(f"pool {pool_id}" for pool_id in pool_ids),
    }
    led = ",".join(map(str, sorted(sight.led_unit_ids)))
    return Standing(frozenset(grants), sha256(led.encode()).hexdigest() if led else "")
