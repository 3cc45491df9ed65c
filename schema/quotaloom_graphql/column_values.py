"""What the columns of reports hold, by the name of the enum and of the value."""

from __future__ import annotations

from typing import Final

_OF_UNIT: Final = {
    "KEY": "The key of the unit.",
    "NAME": "The name of the unit.",
    "KIND": "What kind of node of the company's tree the unit is.",
    "LEVEL": "How many levels below the company the unit lies.",
    "PATH": "The names of the units above it.",
}

_OF_SUBJECT: Final = {
    "KEY": "The key of the unit or member.",
    "NAME": "The name of the unit or member.",
    "KIND": "What kind of node of the company's tree the unit is; empty for a member.",
    "LEVEL": "How many levels below the company the unit lies; empty for a member.",
    "PATH": "The names of the units above the unit; empty for a member.",
}

_ATTAINMENT: Final = {
    "TARGET": "What is aimed for in the period.",
    "ACHIEVED": "What is achieved in the period.",
    "RATE": "Achieved ÷ target.",
}

COLUMN_VALUES: Final[dict[str, dict[str, str]]] = {
    "ActivityColumn": {
        **_OF_SUBJECT,
        "VISITS": "How many visits were done.",
        "CALLS": "How many calls were done.",
        "MEETINGS": "How many meetings were done.",
        "MAILS": "How many mails were done.",
        "TASKS": "How many tasks were done.",
        "ACTIVITIES": "How many activities were done, of all kinds.",
        "PLANNED": "How many items of action plans have their last day in the period.",
        "PLANNED_DONE": "How many of the planned items are done.",
        "OVERDUE": "How many of the planned items are open although their last day is over.",
        "DEALS_OPENED": "How many deals were opened.",
        "DEALS_WON": "How many deals were won.",
        "WON_VALUE": "What the won deals are worth, in the company's currency.",
        "WON_WITHOUT_VALUE": "How many won deals have no value, for want of an amount or a rate.",
        **_ATTAINMENT,
        "ACTIVITIES_PER_WIN": "Activities ÷ deals won.",
        "VALUE_PER_VISIT": "Value of the won deals ÷ visits.",
    },
    "AttainmentColumn": {
        **_OF_SUBJECT,
        **_ATTAINMENT,
        "ASSESSMENT": "What is assessed against.",
        "STRETCH": "The value above the target.",
        "RELIEF": "What positions are relieved of, taken off the target.",
        "OVERLAY": "How much of what is achieved is overlay credit.",
        "GAP": "Target − achieved.",
        "STATUS": "Where what is achieved stands against the three lines.",
        "EXPECTED": "The target prorated over the working days elapsed.",
        "PACE": "Achieved ÷ the target prorated over the working days elapsed.",
        "PREVIOUS_PERIOD_TARGET": "The target of the period right before.",
        "PREVIOUS_PERIOD_ACHIEVED": "What was achieved in the period right before.",
        "PREVIOUS_PERIOD_RATE": "The attainment rate of the period right before.",
        "PREVIOUS_PERIOD_GROWTH": "By what part more is achieved than in the period right before.",
        "PREVIOUS_YEAR_TARGET": "The target of the same period of the year before.",
        "PREVIOUS_YEAR_ACHIEVED": "What was achieved in the same period of the year before.",
        "PREVIOUS_YEAR_RATE": "The attainment rate of the same period of the year before.",
        "PREVIOUS_YEAR_GROWTH": "By what part more is achieved than in the same period of the year before.",
    },
    "BudgetColumn": {
        **_OF_UNIT,
        "BUDGET": "What incentives may cost.",
        "PAID": "What is paid.",
        "APPROVED": "What is approved, and not paid yet.",
        "DRAFT": "What is computed or reviewed, and not approved yet.",
        "COST": "What incentives cost, all together.",
        "REST": "Budget − cost.",
        "SHARE": "Cost ÷ budget.",
        "ACHIEVED": "What is achieved of the metric.",
        "COST_PER_ACHIEVED": "Cost ÷ achieved.",
    },
}
