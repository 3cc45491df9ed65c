"""Run pip and show one line of progress instead of one line per package."""

import subprocess
import sys
from pathlib import Path


def run(total: int, command: list[str]) -> int:
    """Count the packages that pip names; errors go to the terminal as they are."""
    shown, live = 0, sys.stdout.isatty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        for line in pip.stdout or ():
            if live and line.startswith(("Collecting", "Requirement already")):
                shown += 1
                print(f"\r  {shown} of about {total} packages", end="", flush=True)
            elif line.startswith("Installing collected"):
                print("\r  unpacking, about ten seconds   " if live else "  unpacking", flush=True)
    return pip.returncode


if __name__ == "__main__":
    lock, *pip_command = sys.argv[1:]
    sys.exit(run(Path(lock).read_text().count("=="), pip_command))
