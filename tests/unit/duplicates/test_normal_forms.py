"""What is compared of names, phone numbers, domains and mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.duplicates.free_mail import FREE_MAIL
from quotaloom.duplicates.normal_forms import Likeness, domain_of, likeness, region_of, same_name, same_phone


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("Globex Corp", "globexcorp"),
        (" GLOBEX\tcorp ", "globexcorp"),
        ("ＧＬＯＢＥＸ　Ｃｏｒｐ", "globexcorp"),
        ("Straße", "strasse"),
        ("ｶﾌﾞｼｷ", "カブシキ"),
        ("红圈 科技", "红圈科技"),
        ("   ", ""),
    ],
)
def test_names_are_compared_without_case_width_and_space(name: str, compared: str) -> None:
    """Full-width letters are letters, half-width kana are kana, spaces of any kind are none."""
    assert same_name(name) == compared


@given(st.text(max_size=200))
def test_what_is_compared_of_a_name_is_bounded(name: str) -> None:
    """A letter may become many; no space is left of any kind."""
    assert len(same_name(name)) <= 400
    assert same_name(name).split() == [same_name(name)] * bool(same_name(name))


@pytest.mark.parametrize(
    ("phone", "region", "compared"),
    [
        ("138 0013 8000", "CN", "+8613800138000"),
        ("+86 (138) 0013-8000", None, "+8613800138000"),
        ("0086 138-0013-8000", "CN", "+8613800138000"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("089 / 123456", "DE", "+4989123456"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("089 / 123456 ext. 12", "DE", "+4989123456"),
        ("1234567", None, "1234567"),
        ("ext. 12", "DE", None),
        ("call me", "DE", None),
        ("", "DE", None),
        ("9" * 300, "DE", "9" * 40),
    ],
)
def test_phone_numbers_are_compared_in_full(phone: str, region: str | None, compared: str | None) -> None:
    """With the calling code of their country, a trunk 0 only where it is part of the number, without an extension."""
    assert same_phone(phone, region) == compared


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Globex.com/about?x=1#y", "globex.com"),
        ("Ann@Sales.Globex.com", "sales.globex.com"),
        ("globex.com:8080", "globex.com"),
        ("http://user:secret@globex.com.", "globex.com"),
        ("münchen.de", "münchen.de"),
        ("例子.中国", "例子.中国"),
        ("localhost", None),
        ("10.0.0.1", None),
        ("no site", None),
        ("", None),
        (None, None),
        ("a." * 200 + "com", None),
    ],
)
def test_domains_are_those_of_sites_and_addresses(text: str | None, domain: str | None) -> None:
    """In lower case, without the scheme, the user, the port and `www.`; an address of a machine is none."""
    assert domain_of(text) == domain


def test_a_website_goes_before_a_mail_address() -> None:
    """The domain of the mail address counts where there is no website."""
    assert likeness("A", None, "globex.com", "a@initech.com", None).domain == "globex.com"
    assert likeness("A", None, None, "a@initech.com", None).domain == "initech.com"
    assert likeness(" ", "", "", "", None) == Likeness()


def test_a_time_zone_tells_the_country() -> None:
    """Phone numbers without a calling code are of there; UTC is nowhere."""
    assert [region_of(zone) for zone in ("Asia/Shanghai", "Europe/Berlin", "UTC")] == ["CN", "DE", None]


def test_free_mail_is_written_as_domains_are_compared() -> None:
    """Each of them would be found."""
    assert {domain_of(domain) for domain in FREE_MAIL} == FREE_MAIL
