"""What the values of the graph's enums mean, by the name of the enum and of the value: each has a sentence."""

from __future__ import annotations

from typing import Final

from graphql import GraphQLEnumType, GraphQLSchema

from quotaloom_graphql.column_values import COLUMN_VALUES

ENUM_VALUES: Final[dict[str, dict[str, str]]] = {
    "ActionItemState": {
        "PLANNED": "It is still to be done.",
        "DONE": "It was done.",
        "CANCELLED": "It is not going to be done.",
        "CARRIED": "It goes on as an item of another plan.",
    },
    "ActionPlanState": {
        "DRAFT": "It is worked on.",
        "SUBMITTED": "It lies before whoever heads the unit above.",
        "AGREED": "It was agreed on.",
        "CLOSED": "It has ended.",
    },
    "ActionPlanStep": {
        "SUBMITTED": "It was submitted.",
        "RETURNED": "It was given back to be worked on.",
        "AGREED": "It was agreed on.",
        "CLOSED": "It was closed.",
        "PLAN_CHANGED": "The plan itself was changed.",
        "ITEM_ADDED": "An item was added.",
        "ITEM_CHANGED": "An item was changed.",
        "ITEM_DONE": "An item was done.",
        "ITEM_REOPENED": "An item that was done or cancelled is to be done again.",
        "ITEM_CANCELLED": "An item was cancelled.",
        "ITEM_CARRIED": "An item was carried over into another plan.",
    },
    "ActivityKind": {
        "VISIT": "Somebody goes there.",
        "CALL": "By telephone.",
        "MEETING": "People meet.",
        "MAIL": "In writing.",
        "TASK": "Whatever is none of the others.",
    },
    "ActivityState": {
        "PLANNED": "It is still to be done.",
        "DONE": "It was done.",
        "CANCELLED": "It is not going to be done.",
    },
    "AttainmentStatus": {
        "BELOW_ASSESSMENT": "Below the assessment value.",
        "BELOW_TARGET": "At the assessment value or above, and below the target.",
        "AT_TARGET": "At the target or above, and below the stretch value.",
        "AT_STRETCH": "At the stretch value or above.",
    },
    "AttributeKind": {
        "TEXT": "A text.",
        "NUMBER": "A number.",
        "DATE": "A day.",
        "CHOICE": "One of the choices that the attribute has.",
        "REFERENCE": "Something else of the company, such as a member.",
    },
    "AttributeSubject": {
        "UNIT": "An org unit.",
        "MEMBER": "A member.",
        "CUSTOMER": "A customer.",
        "OPPORTUNITY": "A deal.",
        "LEAD": "A lead.",
    },
    "ChangeKind": {
        "ADDED": "There was no value before.",
        "CHANGED": "There is another value.",
        "REMOVED": "There is no value any more.",
    },
    "Circumstance": {
        "NO_FOLLOW_UP": "The holder has done nothing about it for so long.",
        "NO_OPPORTUNITY": "The customer has no open or won deal, or the lead became none.",
        "NOT_WON": "Nothing was won.",
        "STUCK_IN_STAGE": "The open deal has been in its stage for so long.",
        "CONTRACT_ENDED": "The customer's contract has ended.",
    },
    "Compared": {
        "NAME": "The same name.",
        "PHONE": "The same telephone number.",
        "DOMAIN": "The same domain of website or mail address.",
    },
    "CreditKind": {
        "DIRECT": "It rolls up to the units above.",
        "OVERLAY": "It counts for the position and its member, and for no unit above (协销).",
    },
    "DealField": {
        "AMOUNT": "The amount.",
        "EXPECTED_CLOSE": "The day on which it is expected to close.",
        "CUSTOMER": "The customer.",
        "PRODUCT": "A product, of the deal or of one of its lines.",
        "COMPETITORS": "The competitors.",
        "NEXT_STEP": "The next step.",
        "SOURCE": "Where it came from.",
    },
    "DisputeStatus": {
        "OPEN": "It waits for a decision.",
        "GRANTED": "It was decided for the member.",
        "REFUSED": "It was decided against the member.",
        "WITHDRAWN": "The member took it back.",
        "LAPSED": "Its run was cancelled before it was decided.",
    },
    "DuplicateAction": {
        "REFUSE": "It is refused.",
        "TELL": "It is entered, and told of.",
    },
    "DuplicateSubject": {
        "LEAD": "A lead.",
        "CUSTOMER": "A customer.",
    },
    "Earlier": {
        "PREVIOUS_PERIOD": "The period right before.",
        "PREVIOUS_YEAR": "The same period of the year before.",
    },
    "EntrySource": {
        "OPPORTUNITY": "A deal that was won.",
        "ORDER": "An order.",
        "PAYMENT": "A payment.",
        "REFUND": "A refund.",
        "IMPORT": "A file that was imported.",
        "ACTIVITY": "Activities, such as visits, that were done.",
    },
    "FigureBreakdown": {
        "PRODUCT": "By product.",
        "SOURCE": "By where the deals came from.",
    },
    "FileFormat": {
        "CSV": "Text, a line for each row.",
        "XLSX": "A workbook of Excel.",
    },
    "ForecastCategory": {
        "COMMIT": "Its owner commits to it.",
        "BEST_CASE": "It may come at best.",
        "PIPELINE": "It is worked on; every deal is from the start.",
        "OMITTED": "It is in no forecast.",
    },
    "Grain": {
        "YEAR": "A fiscal year.",
        "HALF": "Half a fiscal year.",
        "QUARTER": "A quarter of a fiscal year.",
        "MONTH": "A fiscal month.",
        "WEEK": "An ISO week.",
        "DAY": "A day.",
    },
    "HideableField": {
        "ORGANIZATION": "The organization that a lead is of.",
        "PHONE": "The telephone number.",
        "EMAIL": "The mail address.",
        "DOMAIN": "The website or its domain.",
        "NOTE": "The note.",
        "AMOUNT": "The amount of a deal.",
        "SOURCE": "Where it came from.",
    },
    "LeadStatus": {
        "OPEN": "It may become something.",
        "CONVERTED": "It became a customer or deal.",
        "INVALID": "It will never buy.",
        "MERGED": "It is part of another lead.",
    },
    "MemberOrder": {
        "NAME": "By name.",
        "KEY": "By key.",
    },
    "MemberRole": {
        "ADMIN": "Everything of the company.",
        "MEMBER": "What is his own, and of the subtrees that he heads.",
    },
    "MetricKind": {
        "MONEY": "Amounts of money.",
        "COUNT": "Numbers of something.",
    },
    "Movement": {
        "CREATE": "It was made.",
        "IMPORT": "It was imported.",
        "CLAIM": "A member took it out of a pool (领取).",
        "ASSIGN": "It was given to a member out of a pool (分配).",
        "RELEASE": "Its holder gave it back (退回).",
        "RECYCLE": "A rule took it back (收回).",
        "TRANSFER": "It went from one holder to another.",
        "HANDOVER": "It went on with all that its holder had.",
        "MERGE": "It became part of another record.",
    },
    "ObjectiveLevel": {
        "CORPORATE": "The company's.",
        "BUSINESS": "A business's; it serves one of the company's.",
        "FUNCTIONAL": "A function's; it serves one of a business's.",
    },
    "OpportunityOrder": {
        "CLOSED_ON": "By the day on which it was won or lost.",
        "OPENED_ON": "By the day on which it was opened.",
        "AMOUNT": "By amount.",
        "NAME": "By name.",
    },
    "OrgUnitKind": {
        "COMPANY": "The root of the tree.",
        "DEPARTMENT": "A department.",
        "TEAM": "A team.",
        "POSITION": "A seat that a member holds; nothing lies below it.",
    },
    "OrgUnitOrder": {
        "TREE": "As in the tree, each before what lies below it.",
        "NAME": "By name.",
        "KEY": "By key.",
    },
    "Outcome": {
        "OPEN": "They are under way.",
        "WON": "They are won.",
        "LOST": "They are lost.",
        "INVALID": "They never were deals, and count in no win rate.",
    },
    "PlanStatus": {
        "DRAFT": "A draft.",
        "SUBMITTED": "It is submitted as a whole, and waits to be approved.",
        "APPROVED": "It is approved as a whole, and waits to be published.",
        "SCENARIO": "A scenario beside the draft.",
        "PUBLISHED": "It is in force.",
        "SUPERSEDED": "It was in force before.",
        "CLOSED": "It is in force, and revised no more.",
    },
    "PluginState": {
        "IN_SERVER": "It runs in the server.",
        "IN_WORKERS": "It runs in worker processes.",
        "PUT_ASIDE": "It cannot be used, for the reason given.",
        "NOT_ALLOWED": "This installation does not allow it.",
    },
    "PolicyState": {
        "ANSWERING": "Calls pass.",
        "SUSPENDED": "It failed too often for your company, and is left alone until a moment.",
        "ON_TRIAL": "One call tries whether it answers again.",
    },
    "PoolRuleKind": {
        "PROTECTION": "How long a holder is safe (保护期).",
        "RECYCLING": "When records go back into a pool (收回).",
        "COOLDOWN": "How long an earlier holder must wait (冷却期).",
        "CLAIM_LIMIT": "How many one may claim in a day, week or month (领取上限).",
        "HOLDING_CAP": "How many one may hold (保有量).",
    },
    "RankedBy": {
        "RATE": "By the attainment rate.",
        "ACHIEVED": "By the amount achieved.",
    },
    "RateKind": {
        "BOOKING": "Converts what is posted.",
        "PLAN": "Makes figures at the plan rate.",
    },
    "RecordKind": {
        "LEAD": "A lead.",
        "CUSTOMER": "A customer.",
        "OPPORTUNITY": "A deal.",
    },
    "ReportRows": {
        "UNITS": "A row for each unit.",
        "MEMBERS": "A row for each member.",
    },
    "ReviewPartKind": {
        "QUANTITATIVE": "Scored by the attainment of a metric.",
        "QUALITATIVE": "Scored by member and manager.",
    },
    "ReviewPeers": {
        "CYCLE": "Everybody of the cycle.",
        "UNIT": "Those under one unit.",
    },
    "ReviewStep": {
        "SELF": "The member's own score.",
        "MANAGER": "His manager's score.",
        "CONFIRMATION": "That the member has read it.",
        "APPEAL": "The member's appeal, if he wants.",
        "DECISION": "The decision on his appeal.",
        "CALIBRATION": "The calibration of grades.",
        "FILED": "Nothing: it is over.",
        "CANCELLED": "Nothing: it was given up.",
    },
    "RunStatus": {
        "COMPUTING": "A job is at it.",
        "FAILED": "A policy failed; see `failure`.",
        "DRAFT": "It is computed.",
        "REVIEWED": "Somebody looked through it; members see their statements.",
        "APPROVED": "Somebody else stands for it.",
        "PAID": "Nothing of it changes any more.",
        "CANCELLED": "It was given up.",
    },
    "RunStep": {
        "START": "It was started.",
        "COMPUTE": "It was computed.",
        "REVIEW": "It was looked through.",
        "APPROVE": "It was approved.",
        "PAY": "It was paid.",
        "RETURN": "It was given back to be a draft again.",
        "CANCEL": "It was given up.",
    },
    "SimulationSide": {
        "NOW": "By the rules in force.",
        "THEN": "By the others.",
    },
    "SimulationStatus": {
        "WAITING": "A job will be at it.",
        "COMPUTING": "A job is at it.",
        "DONE": "It is there; see `result`.",
        "FAILED": "It failed; see `failure`.",
    },
    "SmartLack": {
        "SOURCE": "The metric does not say what it is measured by.",
        "TARGET": "The target value is missing in some of the months.",
        "ASSESSMENT": "The assessment value is missing in some of the months.",
        "OWNER": "Nobody holds the position or heads the unit in some of the months.",
    },
    "StageMover": {
        "HOLDER": "Whoever works on the deal.",
        "HEAD": "A head above its position, or an admin.",
        "NOBODY": "Nobody.",
    },
    "StandardKind": {
        "FIELD": "A field or attribute that is filled in.",
        "ACTIVITY": "Activities that were done.",
        "DOCUMENT": "A document.",
        "APPROVAL": "The approval of a head above the deal's position.",
    },
    "StatementFormat": {
        "CSV": "A table, as text.",
        "XLSX": "A table, as a workbook of Excel.",
        "HTML": "A page to print.",
    },
    "Structure": {
        "AS_WAS": "An entry counts where its position stood on the business date.",
        "AS_IS": "Today's tree, or that of `asOf`, counts for all dates.",
    },
    "SubmissionStatus": {
        "SUBMITTED": "It waits for whoever heads a unit above.",
        "APPROVED": "It stands.",
        "RETURNED": "It was given back; its cells are open again.",
        "WITHDRAWN": "It was taken back; its cells are open again.",
    },
    "TargetBeyond": {
        "HISTORY": "What was achieved the year before.",
        "PIPELINE": "What the pipeline will bring.",
        "POTENTIAL": "What the customers could buy.",
    },
    "TargetLine": {
        "TARGET": "What is aimed for.",
        "ASSESSMENT": "What is assessed against.",
        "STRETCH": "What lies above the target.",
    },
    "WhenOverdue": {
        "WAIT": "It waits on.",
        "GO_ON": "The review goes on without it.",
    },
}


def describe_values(schema: GraphQLSchema) -> None:
    """Give the values of the enums their sentences; what plugins add says of itself what it says."""
    for name, meanings in {**ENUM_VALUES, **COLUMN_VALUES}.items():
        kind = schema.type_map.get(name)
        if isinstance(kind, GraphQLEnumType):
            for value, meaning in meanings.items():
                kind.values[value].description = meaning
