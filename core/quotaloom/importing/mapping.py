"""What a folder of CSV files means: which file gives which records, and which column feeds which field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome, check_funnel
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import InputError

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def _checked_date_format(text: str) -> str:
    day = date(2017, 3, 14)
    if not all(code in text for code in ("%Y", "%m", "%d")) or not day.strftime(text).isprintable():
        raise ValueError("a date format has %Y, %m and %d, such as %d.%m.%Y")
    return text


class Source(RootModel[str]):
    """A column (`account`), or a text with columns in braces (`Team {manager}`).

    It is blank, and so the field is empty, where one of its columns is blank.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root")
    @classmethod
    def _is_readable(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("name a column, or write a text with columns in braces")
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            raise ValueError("write each column in braces of its own, such as Team {manager}")
        return text

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return PLACEHOLDER.findall(self.root) or [self.root]


Column = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A part of a mapping; what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def sources(self) -> Iterator[Source]:
        """Every source that the part reads, in order."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Source):
                    yield one
                elif isinstance(one, Part):
                    yield from one.sources()


class CompanyPart(Part):
    """The company that is founded where it does not exist; amounts in the files are in its currency."""

    name: str
    currency: str
    time_zone: str = "UTC"
    fiscal_start_month: int = 1

    def new(self, key: str) -> NewCompany:
        """The company under this key."""
        return NewCompany(key, self.name, self.currency, self.time_zone, self.fiscal_start_month)


class TablePart(Part):
    """One CSV file and how its values are written.

    `aliases` holds, for each column, values that stand for other ones. `thousands_separator` is empty where
    amounts are written without one.
    """

    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    date_format: Annotated[str, AfterValidator(_checked_date_format)] = "%Y-%m-%d"
    decimal_separator: Literal[".", ","] = "."
    thousands_separator: Literal["", ",", ".", " ", "'"] = ""
    aliases: dict[Column, dict[str, str]] = {}

    @property
    def columns(self) -> list[str]:
        """Every column that must be there, each once, in the order in which the mapping names them."""
        read = [column for source in self.sources() for column in source.columns]
        return list(dict.fromkeys([*read, *self.aliases]))

    @model_validator(mode="after")
    def _separators_differ(self) -> TablePart:
        if self.decimal_separator == self.thousands_separator:
            raise ValueError("the decimal and the thousands separator are the same")
        return self


class PersonPart(Part):
    """A member; the name is the key where it is not given."""

    key: Source
    name: Source | None = None
    email: Source | None = None


class LevelPart(Part):
    """A level of the tree between the company and the positions; `optional` ones are left out where blank."""

    kind: Literal["department", "team"]
    key: Source
    name: Source | None = None
    head: PersonPart | None = None
    optional: bool = False


class PositionPart(Part):
    """A position, and its holder; without one it is vacant."""

    key: Source
    name: Source | None = None
    holder: PersonPart | None = None


class TeamListPart(TablePart):
    """One row per position, with the units above it from the top down."""

    levels: tuple[LevelPart, ...] = ()
    position: PositionPart


class PoolPart(Part):
    """A public pool, made where the company has none of this key; the people of `units` (by key) claim from it."""

    key: str
    name: str
    kinds: tuple[RecordKind, ...] = tuple(RecordKind)
    units: tuple[str, ...] = ()


class CustomersPart(TablePart):
    """One row per customer; `parent` is the key of another row, before or after it, or of a stored customer.

    `level` is the key of a customer level of the company.
    """

    key: Source
    name: Source | None = None
    sector: Source | None = None
    location: Source | None = None
    parent: Source | None = None
    phone: Source | None = None
    website: Source | None = None
    level: Source | None = None


class LeadsPart(TablePart):
    """One row per lead. Its `position` holds it, or it waits in its `pool`; `waits_in` is that of those without both.

    `product` and `level` are keys of what the company or the files have.
    """

    key: Source
    name: Source | None = None
    organization: Source | None = None
    phone: Source | None = None
    email: Source | None = None
    website: Source | None = None
    source: Source | None = None
    note: Source | None = None
    product: Source | None = None
    level: Source | None = None
    created_on: Source | None = None
    position: Source | None = None
    pool: Source | None = None
    waits_in: str | None = None

    @model_validator(mode="after")
    def _has_owners(self) -> LeadsPart:
        if self.position is None and self.pool is None and self.waits_in is None:
            raise ValueError("say whose leads are: name the column of the position or pool, or the pool in waits_in")
        return self


class ProductsPart(TablePart):
    """One row per product; `list_price` is a column of amounts in the company's currency."""

    key: Source
    name: Source | None = None
    product_group: Source | None = None
    list_price: Source | None = None


class StagePart(Part):
    """A stage; deals name it by `name`. `entered_on` is the column of the day on which a deal came into it."""

    key: str
    name: str
    outcome: Outcome
    win_probability: Decimal
    entered_on: Source | None = None


class OpportunitiesPart(TablePart):
    """One row per deal; `position`, `customer`, `product` are keys of rows in the other files, or stored.

    A deal in a stage of one of the outcomes in `list_price_for` whose amount is blank or 0 gets the list price
    of its product, marked as estimated. Open deals without a customer wait in the pool `without_customer_into`, where
    it is named; their position is then where they come from.
    """

    key: Source
    name: Source | None = None
    position: Source
    customer: Source | None = None
    product: Source | None = None
    stage: Source
    amount: Source
    opened_on: Source | None = None
    expected_close_on: Source | None = None
    closed_on: Source
    lost_reason: Source | None = None
    source: Source | None = None
    list_price_for: frozenset[Outcome] = frozenset()
    without_customer_into: str | None = None
    funnel_key: str
    funnel_name: str
    stages: tuple[StagePart, ...]

    @property
    def funnel(self) -> NewFunnel:
        """The funnel that the deals go through."""
        stages = [NewStage(stage.key, stage.name, stage.outcome, stage.win_probability) for stage in self.stages]
        return NewFunnel(self.funnel_key, self.funnel_name, tuple(stages))

    @model_validator(mode="after")
    def _is_consistent(self) -> OpportunitiesPart:
        try:
            check_funnel(self.funnel)
        except InputError as error:
            raise ValueError(error.message) from None
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise ValueError("two stages have the same name")
        if Outcome.WON in self.list_price_for:
            raise ValueError("a won deal has an amount of its own: list_price_for is for open and lost ones")
        if self.list_price_for and self.product is None:
            raise ValueError("list_price_for needs the product of a deal")
        return self


class ImportMapping(Part):
    """How a folder of files becomes a company. Parts that are left out are not imported."""

    title: str
    company: CompanyPart
    team_list: TeamListPart
    customers: CustomersPart | None = None
    products: ProductsPart | None = None
    opportunities: OpportunitiesPart | None = None
    pools: tuple[PoolPart, ...] = ()
    leads: LeadsPart | None = None

    @property
    def pool_keys(self) -> frozenset[str]:
        """The pools that the mapping itself names."""
        named = (
            None if self.leads is None else self.leads.waits_in,
            None if self.opportunities is None else self.opportunities.without_customer_into,
        )
        return frozenset(key for key in named if key is not None)

    def with_unclaimed(self, pool_key: str) -> ImportMapping:
        """The same, with open deals without a customer in that pool, which is made where it is none yet.

        Raises `InputError` NO_DEALS for a mapping without opportunities.
        """
        if self.opportunities is None:
            raise InputError("NO_DEALS", "this mapping has no opportunities that could wait in a pool", ("pool",))
        deals = self.opportunities.model_copy(update={"without_customer_into": pool_key})
        made = () if pool_key in {pool.key for pool in self.pools} else (PoolPart(key=pool_key, name=pool_key),)
        return self.model_copy(update={"opportunities": deals, "pools": (*self.pools, *made)})

    @property
    def tables(self) -> tuple[TablePart, ...]:
        """The files, in the order in which they are read."""
        every = (self.team_list, self.customers, self.products, self.opportunities, self.leads)
        return tuple(table for table in every if table is not None)

    @model_validator(mode="after")
    def _names_what_it_reads(self) -> ImportMapping:
        deals = self.opportunities
        for name in ("customer", "product"):
            if deals is not None and getattr(deals, name) and getattr(self, f"{name}s") is None:
                raise ValueError(f"opportunities name a {name}: say in [{name}s] which file has them")
        if self.leads is not None and self.leads.product is not None and self.products is None:
            raise ValueError("leads name a product: say in [products] which file has them")
        if len({pool.key for pool in self.pools}) != len(self.pools):
            raise ValueError("two pools have the same key")
        files = [table.file for table in self.tables]
        if len(set(files)) != len(files):
            raise ValueError("two parts read the same file")
        return self
