"""Mappings: the ones that ship, and anybody's own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quotaloom.importing.mapping_files import load_mapping, read_mapping, shipped_mappings
from quotaloom.importing.progress import Silent
from quotaloom.importing.reading import read_folder
from quotaloom.platform.errors import InputError

GERMAN = """
title = "Vertrieb"

[company]
name = "Muster GmbH"
currency = "EUR"
time_zone = "Europe/Berlin"
fiscal_start_month = 7

[team_list]
file = "vertrieb.csv"
delimiter = ";"

[[team_list.levels]]
kind = "department"
key = "Gebiet {Nr} {Ort}"
optional = true

[team_list.position]
key = "Stelle"
name = "{Ort}, {Stelle}"
holder = { key = "Personalnummer", name = "Name", email = "E-Mail" }

[products]
file = "artikel.csv"
delimiter = ";"
key = "Artikel"
list_price = "Preis"
decimal_separator = ","
thousands_separator = "."

[opportunities]
file = "chancen.csv"
delimiter = ";"
date_format = "%d.%m.%Y"
decimal_separator = ","
thousands_separator = "."
key = "Nr"
position = "Stelle"
product = "Artikel"
stage = "Status"
amount = "Wert"
closed_on = "Datum"
funnel_key = "vertrieb"
funnel_name = "Vertrieb"
stages = [
    { key = "offen", name = "Offen", outcome = "open", win_probability = "0.3" },
    { key = "gewonnen", name = "Gewonnen", outcome = "won", win_probability = "1", entered_on = "Datum" },
    { key = "verloren", name = "Verloren", outcome = "lost", win_probability = "0" },
]
"""


def test_a_mapping_of_ones_own_reads_another_layout(tmp_path: Path) -> None:
    """Semicolons, commas in amounts, German dates, numbered members, a vacant seat and one right below the company."""
    (tmp_path / "vertrieb.csv").write_text(
        "Nr;Ort;Stelle;Personalnummer;Name;E-Mail\n1;Köln;S1;77;Ute;ute@example.com\n;Bonn;S2;;;\n", encoding="utf-8"
    )
    (tmp_path / "artikel.csv").write_text("Artikel;Preis\nA;1.234,5\n", encoding="utf-8")
    (tmp_path / "chancen.csv").write_text(
        "Nr;Stelle;Artikel;Status;Wert;Datum\n1;S1;A;Gewonnen;12.345,67;31.12.2017\n2;S2;;Offen;;\n", encoding="utf-8"
    )
    mapping_file = tmp_path / "own.toml"
    mapping_file.write_text(GERMAN, encoding="utf-8")
    mapping = load_mapping(str(mapping_file))
    records = read_folder(tmp_path, mapping, "muster", Silent()).records
    assert mapping.company.new("muster").fiscal_start_month == 7
    assert [(unit.key, unit.name, unit.parent_key, unit.member_key) for unit in records.units] == [
        ("Gebiet 1 Köln", "Gebiet 1 Köln", None, None),
        ("S1", "Köln, S1", "Gebiet 1 Köln", "77"),
        ("S2", "Bonn, S2", None, None),
    ]
    assert [(member.key, member.name, member.email) for member in records.members] == [("77", "Ute", "ute@example.com")]
    assert records.products[0].list_price == 123_450
    assert [(deal.amount, deal.closed_on) for deal in records.deals] == [(1_234_567, date(2017, 12, 31)), (None, None)]


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_mapping_that_ships_can_be_loaded(name: str) -> None:
    """It names what it is for."""
    assert load_mapping(name).title


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("maven", "there is no mapping 'maven': use maven-crm-sales, or the path of a TOML file"),
        ("/nowhere/own.toml", "/nowhere/own.toml cannot be read: No such file or directory"),
    ],
)
def test_an_unknown_mapping_is_refused_with_the_known_ones(name: str, told: str) -> None:
    """The message says what may be given."""
    with pytest.raises(InputError) as refused:
        load_mapping(name)
    assert (refused.value.code, refused.value.message) == ("UNKNOWN_MAPPING", told)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('title = "Vertrieb"', "title = ", "own.toml is no mapping: Invalid value (at line 2, column 9)"),
        ('title = "Vertrieb"', "", "title: Field required"),
        ('title = "Vertrieb"', 'title = "V"\ntitel = "V"', "titel: Extra inputs are not permitted"),
        ('"EUR"', '"Euro"', "company: 'Euro' is no ISO 4217 code"),
        ('"Europe/Berlin"', '"Berlin"', "company: "),
        ('"%d.%m.%Y"', '"%d.%m."', "opportunities.date_format: Value error, a date format has %Y, %m and %d"),
        ('thousands_separator = "."', 'thousands_separator = ","', "the decimal and the thousands separator are the"),
        ("Gebiet {Nr}", "Gebiet {Nr", "team_list.levels.0.key: Value error, write each column in braces of its own"),
        ('outcome = "open"', 'outcome = "won"', "opportunities: Value error, "),
        ('file = "artikel.csv"', 'file = "../artikel.csv"', "products.file: "),
        ('file = "artikel.csv"', 'file = "chancen.csv"', "two parts read the same file"),
        ('product = "Artikel"', 'customer = "Kunde"', "opportunities name a customer: say in [customers] which file"),
    ],
)
def test_a_mapping_that_is_none_is_refused_with_the_place(before: str, after: str, told: str) -> None:
    """The message names the part and what it may be."""
    assert before in GERMAN
    with pytest.raises(InputError) as refused:
        read_mapping(GERMAN.replace(before, after).encode(), "own.toml")
    assert refused.value.code == "BAD_MAPPING"
    assert told in refused.value.message


def test_a_win_of_a_vacant_position_is_refused(tmp_path: Path) -> None:
    """Somebody must have held it: the ledger credits a person."""
    (tmp_path / "vertrieb.csv").write_text("Nr;Ort;Stelle;Personalnummer;Name;E-Mail\n;Bonn;S2;;;\n", encoding="utf-8")
    (tmp_path / "artikel.csv").write_text("Artikel;Preis\n", encoding="utf-8")
    (tmp_path / "chancen.csv").write_text(
        "Nr;Stelle;Artikel;Status;Wert;Datum\n1;S2;;Gewonnen;1;31.12.2017\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="line 2, Stelle: 'S2' has no holder to whom the won deal is credited"):
        read_folder(tmp_path, read_mapping(GERMAN.encode(), "own.toml"), "muster", Silent())
