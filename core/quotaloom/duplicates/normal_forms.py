"""What is compared of a lead or customer, written in one way."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from babel.core import get_global

from quotaloom.platform.errors import InputError, Path

LONGEST_NAME = 400
"""How many characters of a name are compared."""

LONGEST_PHONE = 40
"""How many digits are compared of what is no phone number."""

FEWEST_DIGITS = 5
"""A shorter number is no phone number of somebody."""

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
_DOMAIN = re.compile(r"^(?=.{4,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]$")


@dataclass(frozen=True, slots=True)
class Likeness:
    """The normal forms of a name, a phone number and a domain, where there are any."""

    name: str | None = None
    phone: str | None = None
    domain: str | None = None


def likeness(name: str, phone: str | None, website: str | None, email: str | None, region: str | None) -> Likeness:
    """What is compared of somebody; the domain is the website's, or else the mail address's."""
    domain = domain_of(website) or domain_of(email)
    return Likeness(same_name(name) or None, None if phone is None else same_phone(phone, region), domain)


def same_name(name: str) -> str:
    """The name without regard to case, to width (`ＡＢＣ` and `ABC`), and to spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(folded.split())[:LONGEST_NAME]


def same_phone(phone: str, region: str | None) -> str | None:
    """The number in full, with the calling code of its country and without an extension, as E.164 writes it.

    `region` is the country (ISO 3166) of a number without a calling code. What cannot be a number in full is compared
    by its digits, if they are enough.
    """
    try:
        parsed = phonenumbers.parse(phone, region)
        own = phonenumbers.national_significant_number(parsed)
        if len(own) >= FEWEST_DIGITS and phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    digits = "".join(str(unicodedata.digit(one)) for one in phone if one.isdecimal())
    return digits[:LONGEST_PHONE] if len(digits) >= FEWEST_DIGITS else None


def domain_of(text: str | None) -> str | None:
    """The domain of a mail address, a website or a domain, in lower case without `www.`; None for what has none."""
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    host = re.split(r"[/?#]", _SCHEME.sub("", plain), maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).rstrip(".").removeprefix("www.")
    return host if _DOMAIN.match(host) else None


def checked_domain(text: str | None, path: Path) -> str | None:
    """As `domain_of`, None for a blank text; raises `InputError` BAD_DOMAIN for what names no domain."""
    if text is None or not text.strip():
        return None
    domain = domain_of(text)
    if domain is None:
        raise InputError("BAD_DOMAIN", f"{text[:60]!r} is no website: write it such as www.globex.com", path)
    return domain


def region_of(time_zone: str) -> str | None:
    """The country (ISO 3166) of a time zone, None for one of no country, such as UTC."""
    found: str | None = get_global("zone_territories").get(time_zone)
    return found
