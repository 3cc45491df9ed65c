from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from acme_rules.territory import TERRITORY, TerritoryParameters
from quotaloom_sdk import (
    Absence,
    Attribute,
    Attributes,
    CandidateFact,
    Choice,
    PoolResult,
    RecordFact,
)
from quotaloom_sdk.testing import narrowed, pool_request, record


def attributes(**noted: str | Decimal | Choice) -> Attributes:
    return Attributes(tuple(Attribute(key, value) for key, value in noted.items()))


def seller(
    name: str, room: int | None = None, last: int | None = None, **noted: str | Decimal | Choice
) -> CandidateFact:
    return CandidateFact(name, name.title(), room=room, last_turn=last, attributes=attributes(**noted))


def lead(name: str, territory: str | None = None, product: str | None = None) -> RecordFact:
    noted = attributes(territory=territory) if territory else attributes()
    return record(name, product_key=product, attributes=noted)


def assign(
    records: Sequence[RecordFact | str], candidates: Sequence[CandidateFact], memory: str = "", **parameters: bool
) -> PoolResult:
    given = TerritoryParameters.model_validate(parameters)
    request = pool_request(records, candidates, parameters=given, memory=memory)
    result = TERRITORY.assign(narrowed(request, TERRITORY.needs))
    result.check(request)
    return result


def holders(result: PoolResult) -> list[str | None]:
    return [one.member_id for one in result.assignments]


def test_lead_goes_to_whoever_sells_in_its_territory() -> None:
    """Ann sells in the north, Bob in the south, as a choice or as text, however it is capitalized."""
    team = [seller("ann", territory=Choice("north", "The North")), seller("bob", territory="South")]
    result = assign([lead("1", "South"), lead("2", "north"), lead("3", "SOUTH")], team)
    assert holders(result) == ["bob", "ann", "bob"]
    assert result.assignments[0].reason == "It fits you (south), and it was your turn."


def test_lead_goes_to_whoever_knows_its_product() -> None:
    """Ann knows lasers and pumps, Bob only pumps; a product that nobody knows stays in the pool."""
    team = [seller("ann", skills="laser, Pump"), seller("bob", skills="pump")]
    assert holders(assign([lead("1", product="laser"), lead("2", product="laser")], team)) == ["ann", "ann"]
    assert holders(assign([lead("1", product="pump"), lead("2", product="pump")], team)) == ["ann", "bob"]
    assert holders(assign([lead("1", product="crane")], team)) == [None]


def test_what_is_not_noted_excludes_nobody() -> None:
    """A seller without a territory sells everywhere, and a lead without one may go to anybody."""
    team = [seller("ann", territory="north", last=9), seller("bob", last=3)]
    assert holders(assign([lead("1", "east")], team)) == ["bob"]
    assert holders(assign([lead("1"), lead("2")], team)) == ["bob", "ann"]


def test_company_may_let_anybody_have_what_fits_nobody() -> None:
    """Otherwise it is left to the next policy of the chain."""
    team = [seller("ann", territory="north")]
    assert holders(assign([lead("1", "south")], team)) == [None]
    result = assign([lead("1", "south")], team, elsewhere=True)
    assert holders(result) == ["ann"]
    assert result.assignments[0].reason == "Nobody's territory and skills fit it, and it was your turn."


def test_who_has_waited_longest_begins() -> None:
    """Cleo never had a turn, Bob's was the fourth, Ann's the ninth."""
    team = [seller("ann", last=9), seller("bob", last=4), seller("cleo")]
    assert holders(assign(["1", "2", "3", "4"], team)) == ["cleo", "bob", "ann", "cleo"]


def test_weight_of_two_gets_twice_as_many() -> None:
    """Of six leads Ann gets four and Bob two, never three to Ann in a row; a weight of 0 gets none."""
    team = [seller("ann", lead_weight=Decimal(2)), seller("bob"), seller("cleo", lead_weight=Decimal(0))]
    assert holders(assign(list("123456"), team)) == ["ann", "bob", "ann", "ann", "bob", "ann"]


def test_turns_go_on_where_they_stopped() -> None:
    """One lead a day: the memory of the day before decides, although nobody's last turn is told."""
    team = [seller("ann"), seller("bob"), seller("cleo")]
    memory, seen = "", []
    for day in range(6):
        result = assign([str(day)], team, memory)
        memory = result.memory
        seen += holders(result)
    assert Counter(seen) == {"ann": 2, "bob": 2, "cleo": 2}


def test_coming_back_brings_no_flood() -> None:
    """30 leads a day for 10 days, Cleo away on the first 7: Ann and Bob 7 × 15 + 3 × 10 = 135, Cleo 3 × 10 = 30."""
    ann, bob, cleo = seller("ann"), seller("bob"), seller("cleo")
    memory, seen = "", Counter[str | None]()
    for day in range(10):
        team = [ann, bob] if day < 7 else [ann, bob, cleo]
        result = assign([f"{day}-{number}" for number in range(30)], team, memory)
        memory = result.memory
        seen.update(holders(result))
    assert seen == {"ann": 135, "bob": 135, "cleo": 30}


def test_who_sells_in_two_territories_has_his_share_of_both() -> None:
    """Ann sells everywhere, Bob in the north, Cleo in the south: of six leads each way Ann has three twice."""
    team = [seller("ann"), seller("bob", territory="north"), seller("cleo", territory="south")]
    leads = [lead(str(number), "north" if number % 2 else "south") for number in range(12)]
    assert Counter(holders(assign(leads, team))) == {"ann": 6, "bob": 3, "cleo": 3}


def test_nobody_gets_more_than_his_room() -> None:
    """Ann may hold one more and Bob none; the third lead stays in the pool."""
    team = [seller("ann", room=1), seller("bob", room=0), seller("cleo", room=1)]
    assert holders(assign(["1", "2", "3"], team)) == ["ann", "cleo", None]


def test_who_is_away_gets_nothing() -> None:
    """On 15 March 2017 Ann is away up to and including that day, Bob from the day after, and Cleo is not at work."""
    ann = CandidateFact("ann", "Ann", absences=(Absence(date(2017, 3, 10), date(2017, 3, 16)),))
    bob = CandidateFact("bob", "Bob", absences=(Absence(date(2017, 3, 16), date(2017, 3, 20)),))
    cleo = CandidateFact("cleo", "Cleo", working=False)
    assert holders(assign(["1", "2"], [ann, bob, cleo])) == ["bob", "bob"]
    assert holders(assign(["1"], [ann, cleo])) == [None]


@pytest.mark.parametrize("memory", ["?", "[]", "7", '{"ann": "much"}', '{"ann": 1e9}', '{"ann": true}', "[" * 99_999])
def test_memory_that_is_none_begins_anew(memory: str) -> None:
    """Whatever an earlier version left there does no harm."""
    assert assign(["1"], [seller("ann"), seller("bob")], memory) == assign(["1"], [seller("ann"), seller("bob")])


def test_memory_keeps_those_who_are_candidates_now() -> None:
    """It does not grow with everybody who ever was one."""
    assert assign([], [seller("ann")], '{"ann": 250000, "bob": -250000}').memory == '{"ann": 250000}'


@pytest.mark.parametrize("weight", ["0", "-1"])
def test_without_a_weight_above_nothing_there_are_no_turns(weight: str) -> None:
    """Whoever is to get none has the weight 0."""
    assert holders(assign(["1"], [seller("ann", lead_weight=Decimal(weight))])) == [None]


def test_one_attribute_cannot_stand_for_two_things() -> None:
    """A territory is no weight."""
    with pytest.raises(ValidationError, match="must be three attributes"):
        TerritoryParameters(territory_attribute="region", weight_attribute="region")


def test_explanation_counts() -> None:
    """How many leads there were, how many were given, and among how many people."""
    explanation = assign([lead("1", "south"), lead("2", "north")], [seller("ann", territory="north")]).explanation
    assert explanation.values == (("leads", 2), ("given", 1), ("there today", 1))
