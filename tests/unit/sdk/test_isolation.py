from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import quotaloom_sdk, quotaloom_sdk.testing
ours = {name.split(".")[0] for name in sys.modules if name.startswith("quotaloom")}
heavy = {"hypothesis", "pytest", "strawberry", "tortoise"} & set(sys.modules)
print(sorted(ours), sorted(heavy))
"""


def test_sdk_needs_pluggy_and_pydantic_only() -> None:
    """Importing the SDK, its test kit included, loads nothing else of the product and none of the extras."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['quotaloom_sdk'] []"
