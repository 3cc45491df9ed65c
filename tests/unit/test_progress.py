"""What long tests show while `make soak` runs them."""

from __future__ import annotations

from io import StringIO

from tests.progress import Line


class _Screen(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_of_a_terminal_is_written_over() -> None:
    """Each step takes the place of the one before; the last one stays."""
    screen = _Screen()
    shown = Line(screen)
    for done, title in enumerate(("first", "second", "done")):
        shown(done, 2, title)
    assert screen.getvalue() == "\n  0 of 2: first\r\x1b[K  1 of 2: second\r\x1b[K  2 of 2: done\n"


def test_a_file_gets_a_line_now_and_then() -> None:
    """Of steps that come at once it has the first and the last; so for each test."""
    file = StringIO()
    shown = Line(file)
    for _ in range(2):
        for done in range(1_001):
            shown(done, 1_000, f"step {done}")
    assert file.getvalue() == "\n  0 of 1,000: step 0\n  1,000 of 1,000: step 1000\n" * 2
