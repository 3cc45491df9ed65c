"""What docs/importing.md says of mappings."""

from __future__ import annotations

import re
from pathlib import Path

from quotaloom.importing import mapping
from quotaloom.importing.mapping_files import read_mapping, shipped_mappings

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
(SAMPLE,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_sample_is_a_mapping() -> None:
    """It can be loaded as it stands."""
    assert read_mapping(SAMPLE.encode(), "sample").company.currency == "EUR"


def test_the_sample_has_every_setting() -> None:
    """A setting that is added to mappings is shown in the page."""
    parts = [one for one in vars(mapping).values() if isinstance(one, type) and issubclass(one, mapping.Part)]
    settings = {name for part in parts for name in part.model_fields}
    assert {name for name in settings if not re.search(rf"\b{name}\b", SAMPLE)} == set()


def test_every_mapping_that_ships_is_described() -> None:
    """Each has a section of its own."""
    assert all(f"## The mapping `{name}`" in PAGE for name in shipped_mappings())
