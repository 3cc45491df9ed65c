"""Making up whom the demo company sells to, what it sells, and at which rates it converts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Final

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.demo.dice import dice
from quotaloom.demo.story import DemoCustomer
from quotaloom.demo.words import BUSINESSES, COINED_NAMES, OVERSEAS_CUSTOMERS, PLACES
from quotaloom.metrics.built_in import REVENUE
from quotaloom.metrics.product_commands import NewProduct
from quotaloom.metrics.product_metrics import NewProductMetric
from quotaloom.metrics.rates import Rate, RateKind

FOREIGN_CURRENCY: Final = "USD"
PLAN_RATE: Final = Decimal("7.1")
CUSTOMERS_AT_HOME: Final = 90
SITES: Final = 12

_INSTRUMENTS: Final = "Instruments 仪器"
_SYSTEMS: Final = "Systems 系统"
_SERVICES: Final = "Services 服务"

PRODUCTS: Final = (
    NewProduct("lumen-s2", "Lumen S2 Spectrometer 光谱仪", _INSTRUMENTS, 86_000_00, Decimal("0.42")),
    NewProduct("aster-40", "Aster 40 Microscope 显微镜", _INSTRUMENTS, 64_000_00, Decimal("0.45")),
    NewProduct("tarn-7", "Tarn 7 Balance 精密天平", _INSTRUMENTS, 28_000_00, Decimal("0.38")),
    NewProduct("rill-3", "Rill 3 Flow Meter 流量计", _INSTRUMENTS, 19_500_00, Decimal("0.4")),
    NewProduct("ridge-line", "Ridge Line Inspection System 在线检测系统", _SYSTEMS, 420_000_00, Decimal("0.31")),
    NewProduct("harbour-lab", "Harbour Lab Automation 实验室自动化", _SYSTEMS, 265_000_00, Decimal("0.345")),
    NewProduct("care-plan", "Care Plan 年度维护", _SERVICES, 36_000_00, Decimal("0.62")),
    NewProduct("calibration", "Calibration 校准服务", _SERVICES, 12_000_00, Decimal("0.55")),
)
"""What is sold, with list prices in fen and gross margin rates."""

GROUP_METRICS: Final = (
    NewProductMetric("instruments", "Revenue of instruments 仪器收入", REVENUE, product_group=_INSTRUMENTS),
    NewProductMetric("systems", "Revenue of systems 系统收入", REVENUE, product_group=_SYSTEMS),
    NewProductMetric("services", "Revenue of services 服务收入", REVENUE, product_group=_SERVICES),
)
"""What is counted by product group."""

NEEDS_ENGINEER: Final = frozenset(product.key for product in PRODUCTS if product.product_group == _SYSTEMS)


def customers() -> tuple[DemoCustomer, ...]:
    """Companies at home, some with sites of their own, and a few overseas; the same in every year."""
    return tuple(_customers())


def _customers() -> Iterator[DemoCustomer]:
    random = dice("customers")
    names = list(product(COINED_NAMES, BUSINESSES))
    random.shuffle(names)
    for number, (coined, (ending, sector)) in enumerate(names[:CUSTOMERS_AT_HOME], 1):
        place, other = random.sample(PLACES, 2)
        key = f"C-{number:03}"
        yield DemoCustomer(key, f"{coined}{ending}", sector, place)
        if number <= SITES:
            yield DemoCustomer(f"{key}-1", f"{coined}{ending}{other}分公司", sector, other, key)
    for number, (name, sector, place) in enumerate(OVERSEAS_CUSTOMERS, CUSTOMERS_AT_HOME + 1):
        yield DemoCustomer(f"C-{number:03}", name, sector, place, overseas=True)


def rates(calendar: FiscalCalendar, years: tuple[Period, Period], today: date) -> tuple[Rate, ...]:
    """A booking rate for each quarter that has begun, and one plan rate for each fiscal year."""
    found = [Rate(FOREIGN_CURRENCY, RateKind.PLAN, year.starts_on, PLAN_RATE) for year in years]
    for year in years:
        for quarter in calendar.periods(year, Grain.QUARTER):
            if quarter.starts_on <= today:
                rate = Decimal(dice("rate", quarter.label).randint(7000, 7300)) / 1000
                found.append(Rate(FOREIGN_CURRENCY, RateKind.BOOKING, quarter.starts_on, rate))
    return tuple(found)
