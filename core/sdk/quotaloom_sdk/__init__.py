"""What a Quotaloom plugin imports: hooks, policy types, errors and the version of the plugin API."""

from quotaloom_sdk.allocation import AllocationRequest, AllocationResult, AllocationRule, Weight
from quotaloom_sdk.attributes import (
    NO_ATTRIBUTES,
    Attribute,
    AttributeKind,
    Attributes,
    AttributeValue,
    Choice,
    Reference,
)
from quotaloom_sdk.crediting import Credit, CreditingRequest, CreditingResult, CreditingRule
from quotaloom_sdk.errors import CannotDecide, InvalidDefinition, InvalidRequest, InvalidResult, PolicyError
from quotaloom_sdk.exactness import Share
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import (
    CustomerFact,
    DealFact,
    LineFact,
    Load,
    MemberFact,
    MonthFact,
    PeriodFact,
    UnitFact,
    WorksheetFact,
)
from quotaloom_sdk.forms import ui
from quotaloom_sdk.gating import (
    ActivityFact,
    ApprovalFact,
    GateRequest,
    GateResult,
    StageFact,
    StageGate,
    UnmetStandard,
)
from quotaloom_sdk.graphql import BatchReader, GraphQLExtension, ObjectField, RootField
from quotaloom_sdk.hooks import hookimpl, hookspec
from quotaloom_sdk.incentives import (
    EntryFact,
    IncentiveLine,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    ReviewFact,
    TeamFact,
)
from quotaloom_sdk.listening import Event, EventListener
from quotaloom_sdk.needs import Need
from quotaloom_sdk.policies import ParameterizedPolicy, Parameters, PolicyDefinition
from quotaloom_sdk.pooling import Absence, Assignment, CandidateFact, PoolPolicy, PoolRequest, PoolResult, RecordFact
from quotaloom_sdk.reviewing import PartScore, ReviewPart, ReviewRequest, ReviewResult, ReviewScorer
from quotaloom_sdk.versions import API_VERSION

__all__ = [
    "API_VERSION",
    "NO_ATTRIBUTES",
    "Absence",
    "ActivityFact",
    "AllocationRequest",
    "AllocationResult",
    "AllocationRule",
    "ApprovalFact",
    "Assignment",
    "Attribute",
    "AttributeKind",
    "AttributeValue",
    "Attributes",
    "BatchReader",
    "CandidateFact",
    "CannotDecide",
    "Choice",
    "Credit",
    "CreditingRequest",
    "CreditingResult",
    "CreditingRule",
    "CustomerFact",
    "DealFact",
    "EntryFact",
    "Event",
    "EventListener",
    "Explanation",
    "GateRequest",
    "GateResult",
    "GraphQLExtension",
    "IncentiveLine",
    "IncentiveRequest",
    "IncentiveResult",
    "IncentiveRule",
    "InvalidDefinition",
    "InvalidRequest",
    "InvalidResult",
    "LineFact",
    "Load",
    "MemberFact",
    "MonthFact",
    "Need",
    "ObjectField",
    "ParameterizedPolicy",
    "Parameters",
    "PartScore",
    "PeriodFact",
    "PolicyDefinition",
    "PolicyError",
    "PoolPolicy",
    "PoolRequest",
    "PoolResult",
    "RecordFact",
    "Reference",
    "ReviewFact",
    "ReviewPart",
    "ReviewRequest",
    "ReviewResult",
    "ReviewScorer",
    "RootField",
    "Share",
    "StageFact",
    "StageGate",
    "TeamFact",
    "UnitFact",
    "UnmetStandard",
    "Weight",
    "WorksheetFact",
    "hookimpl",
    "hookspec",
    "ui",
]
