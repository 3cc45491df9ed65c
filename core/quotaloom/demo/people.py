"""Making up members with Chinese and English names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from random import Random

from quotaloom.demo.story import DemoMember
from quotaloom.demo.words import ENGLISH_FAMILY_NAMES, ENGLISH_GIVEN_NAMES, FAMILY_NAMES, GIVEN_NAMES

EMAIL_DOMAIN = "lanshan.example"


def people(random: Random, before: date) -> Iterator[DemoMember]:
    """Hundreds of people, no two of one name, who joined in the six years up to `before`.

    Every third has an English name.
    """
    chinese = [
        (family + given, f"{given_spelled}.{family_spelled}")
        for (family, family_spelled), (given, given_spelled) in product(FAMILY_NAMES, GIVEN_NAMES)
    ]
    english = [
        (f"{given} {family}", f"{given}.{family}".lower())
        for given, family in product(ENGLISH_GIVEN_NAMES, ENGLISH_FAMILY_NAMES)
    ]
    random.shuffle(chinese)
    random.shuffle(english)
    for first, second, third in zip(chinese[::2], chinese[1::2], english, strict=False):
        for name, address in (first, second, third):
            joined_on = before - timedelta(days=random.randint(120, 6 * 365))
            yield DemoMember(address.replace(".", "-"), name, f"{address}@{EMAIL_DOMAIN}", joined_on)
