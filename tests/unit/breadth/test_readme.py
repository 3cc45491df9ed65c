"""The example of the README runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import strawberry_breadth

README = Path(strawberry_breadth.__file__).with_name("README.md")


def test_the_example_of_the_readme_prints_the_answer(tmp_path: Path) -> None:
    """It is copied into a file and run; it prints the three units with who is below them."""
    (example,) = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "example.py"
    file.write_text(example)
    run = subprocess.run([sys.executable, "-W", "error", file], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    below = "[{'id': 2, 'name': 'East', 'children': []}, {'id': 3, 'name': 'West', 'children': []}]"
    assert run.stdout == f"{{'roots': [{{'name': 'Acme', 'children': {below}}}]}}\n"
