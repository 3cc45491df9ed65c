"""What is asked: six questions, each as GraphQL for the product, for stock Strawberry and for PostGraphile.

The documents name their fields so that all answer with the same JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

ROOT_KEY = "acme"
FUNNEL_KEY = "board"
YEAR = 2017
DEALS_OF_A_STAGE = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a schema spells what the questions need; `{key}` stands for the key of a unit or a funnel."""

    unit: str
    children: str
    cells: str
    attainment: str
    funnel: str
    stages: str
    deals: str


QUOTALOOM = Dialect(
    unit='orgUnit(key: "{key}")',
    children="children",
    cells=f'targetCells(period: "{YEAR}")',
    attainment=f'attainment(period: "{YEAR}")',
    funnel='funnel(key: "{key}")',
    stages="stages",
    deals=f"opportunities(first: {DEALS_OF_A_STAGE}, outcome: [OPEN], orderBy: OPENED_ON)",
)
"""The product's schema, and the same under stock Strawberry."""

POSTGRAPHILE = Dialect(
    unit='orgUnit: orgUnitByKey(key: "{key}")',
    children="children: childrenList(orderBy: [ORDINAL_ASC])",
    cells=f"targetCells: targetCellsList(condition: {{year: {YEAR}}}, orderBy: [STARTS_ON_ASC])",
    attainment=f"attainment(year: {YEAR})",
    funnel='funnel: funnelByKey(key: "{key}")',
    stages="stages: stagesList(orderBy: [ORDINAL_ASC])",
    deals="opportunities: opportunitiesList"
    f'(first: {DEALS_OF_A_STAGE}, condition: {{outcome: "OPEN"}}, orderBy: [OPENED_ON_DESC])',
)
"""The schema that PostGraphile makes of `postgraphile/views.sql`."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `levels` is how many levels of the tree lie below the first, `of_unit` whether a unit is asked."""

    name: str
    title: str
    levels: int
    of_unit: bool = True

    def document(self, dialect: Dialect, key: str) -> str:
        """The query, about the unit or funnel with this key."""
        match self.name:
            case "small":
                return f"{{ {dialect.unit.format(key=key)} {{ key name kind }} }}"
            case "board":
                deal = "key name amount openedOn position { name }"
                stage = f"name outcome {dialect.deals} {{ {deal} }}"
                return f"{{ {dialect.funnel.format(key=key)} {{ name {dialect.stages} {{ {stage} }} }} }}"
            case "attainment":
                fields = f"name {dialect.attainment} {{ target assessment stretch achieved rate gap }}"
            case _:
                fields = f"name kind {dialect.cells} {{ period startsOn target assessment stretch }}"
        return f"{{ {dialect.unit.format(key=key)} {{ {_tree(fields, dialect.children, self.levels)} }} }}"


def _tree(fields: str, children: str, levels: int) -> str:
    return f"{fields} {children} {{ {_tree(fields, children, levels - 1)} }}" if levels else fields


QUESTIONS = {
    question.name: question
    for question in (
        Question("small", "one unit", 0),
        Question("medium", "11 units × 12 months", 1),
        Question("large", "1,111 units × 12 months", 3),
        Question("huge", "11,111 units × 12 months", 4),
        Question("board", "a funnel board, 500 deals", 0, of_unit=False),
        Question("attainment", "attainment of 111 units", 2),
    )
}
