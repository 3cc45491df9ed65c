"""Making up the organization: three regions, ten teams, sixty positions, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from quotaloom.calendars.periods import Period
from quotaloom.demo.dice import dice
from quotaloom.demo.people import people
from quotaloom.demo.story import Appointment, Change, DemoMember, DemoOrganization, DemoUnit, Duty, Seat

COMPANY_KEY: Final = "demo"
COMPANY_NAME: Final = "Lanshan Instruments 岚山仪器"

REGIONS: Final = {"north": "North Region 华北大区", "east": "East Region 华东大区", "south": "South Region 华南大区"}


@dataclass(frozen=True, slots=True)
class _Team:
    region: str
    key: str
    name: str
    english: str
    chinese: str
    sellers: int
    others: tuple[Duty, ...] = ()

    @property
    def duties(self) -> tuple[Duty, ...]:
        return (Duty.SALES,) * self.sellers + self.others


_TEAMS: Final = (
    _Team("north", "beijing", "Beijing Key Accounts 北京大客户组", "Beijing", "北京", 5, (Duty.ENGINEER,)),
    _Team("north", "tianjin", "Tianjin and Hebei 津冀组", "Tianjin", "天津", 4, (Duty.TRAINEE,)),
    _Team("north", "northeast", "Northeast 东北组", "Northeast", "东北", 5),
    _Team("east", "shanghai", "Shanghai Key Accounts 上海大客户组", "Shanghai", "上海", 6, (Duty.ENGINEER,)),
    _Team("east", "suzhou", "Suzhou 苏州组", "Suzhou", "苏州", 6),
    _Team("east", "hangzhou", "Hangzhou 杭州组", "Hangzhou", "杭州", 5, (Duty.TRAINEE,)),
    _Team("east", "nanjing", "Nanjing 南京组", "Nanjing", "南京", 5),
    _Team("south", "guangzhou", "Guangzhou 广州组", "Guangzhou", "广州", 6),
    _Team("south", "shenzhen", "Shenzhen 深圳组", "Shenzhen", "深圳", 6, (Duty.ENGINEER,)),
    _Team("south", "overseas", "Overseas 海外组", "Overseas", "海外", 6),
)

_TITLES: Final = {
    Duty.SALES: ("Account Manager", "客户经理"),
    Duty.ENGINEER: ("Solutions Engineer", "售前工程师"),
    Duty.TRAINEE: ("Sales Trainee", "见习销售"),
}


def organize(last_year: Period) -> DemoOrganization:
    """The organization at the beginning of a fiscal year, and what changes in it and in the year after."""
    random = dice("organization", last_year.label)
    hired = people(random, last_year.starts_on)
    seats = tuple(
        Seat(unit.key, team.region, duty, 20 if duty is Duty.TRAINEE else random.randint(60, 140))
        for team in _TEAMS
        for unit, duty in _positions(team)
    )
    headed = [COMPANY_KEY, *REGIONS, *(team.key for team in _TEAMS)]
    members = [(key, next(hired)) for key in (*headed, *(seat.key for seat in seats))]
    holder = dict(members)
    changes, absences = _changes(last_year, holder, hired)
    opened = Seat("shenzhen-8", "south", Duty.SALES, 90)
    return DemoOrganization(
        units=tuple(_units()),
        members=tuple(member for _, member in members),
        appointments=tuple(Appointment(key, member.key) for key, member in members),
        seats=tuple(replace(seat, absences=absences.get(seat.key, ())) for seat in (*seats, opened)),
        changes=tuple(sorted(changes, key=lambda change: change.on)),
    )


def _units() -> Iterator[DemoUnit]:
    for key, name in REGIONS.items():
        yield DemoUnit(key, name, "department", COMPANY_KEY)
    for team in _TEAMS:
        yield DemoUnit(team.key, team.name, "team", team.region)
    for team in _TEAMS:
        yield from (unit for unit, _ in _positions(team))


def _positions(team: _Team) -> Iterator[tuple[DemoUnit, Duty]]:
    for number, duty in enumerate(team.duties, 1):
        yield _position(team, number, duty), duty


def _position(team: _Team, number: int, duty: Duty) -> DemoUnit:
    english, chinese = _TITLES[duty]
    name = f"{team.english} {english} {number} {team.chinese}{chinese}"
    return DemoUnit(f"{team.key}-{number}", name, "position", team.key)


def _changes(
    year: Period, holder: dict[str, DemoMember], hired: Iterator[DemoMember]
) -> tuple[list[Change], dict[str, tuple[tuple[date, date], ...]]]:
    """What happens, most of it in the last complete year, and when positions are without a holder."""
    start = year.starts_on

    def on(month: int, day: int) -> date:
        return date(start.year + (month < start.month), month, day)

    def joining(day: date) -> tuple[Change, str]:
        member = replace(next(hired), joined_on=day)
        return Change(day, joins=member), member.key

    joins_july, july = joining(on(7, 1))
    joins_september, september = joining(on(9, 1))
    joins_november, november = joining(on(11, 1))
    joins_march, march = joining(on(3, 1))
    this_may = date(year.ends_on.year, 5, 16)
    joins_may, may = joining(this_may - timedelta(days=5))
    shenzhen = next(team for team in _TEAMS if team.key == "shenzhen")
    changes = [
        # A leaver, and after a gap a successor in the middle of a month.
        Change(on(6, 21), leaves=holder["beijing-3"].key),
        joins_july,
        Change(on(7, 8), appoints=Appointment("beijing-3", july)),
        # A seller goes to a new position of another region in the middle of a month; a newcomer takes his old one.
        joins_september,
        Change(on(9, 16), appoints=Appointment("shanghai-2", september)),
        Change(on(9, 16), opens=_position(shenzhen, 8, Duty.SALES)),
        Change(on(9, 16), appoints=Appointment("shenzhen-8", holder["shanghai-2"].key)),
        # A position moves to another team in the middle of a month, and its holder with it.
        Change(on(10, 16), moves=("nanjing-2", "suzhou")),
        # The head of a team leaves in the middle of a month.
        joins_november,
        Change(on(11, 16), leaves=holder["hangzhou"].key),
        Change(on(11, 16), appoints=Appointment("hangzhou", november)),
        # A position is vacant for two months.
        Change(on(1, 1), leaves=holder["guangzhou-4"].key),
        joins_march,
        Change(on(3, 1), appoints=Appointment("guangzhou-4", march)),
        joins_may,
        Change(this_may, leaves=holder["suzhou-5"].key),
        Change(this_may, appoints=Appointment("suzhou-5", may)),
    ]
    absences: dict[str, tuple[tuple[date, date], ...]] = {
        "beijing-3": ((on(6, 21), on(7, 8)),),
        "guangzhou-4": ((on(1, 1), on(3, 1)),),
        "shenzhen-8": ((date.min, on(9, 16)),),
    }
    return changes, absences
