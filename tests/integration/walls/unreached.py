"""Fields that the generated operations do not reach, each with the reason; the test compares the list."""

from __future__ import annotations

from typing import Final

_LATE: Final = "made by a run that corrects another one: see tests/integration/graph/test_disputes.py"
_COOLING: Final = "answered where somebody gave a record back: see tests/integration/pool/test_movements.py"
_WARNED: Final = "answered of a plan that lies above what was sold: see tests/integration/graph/test_target_warnings.py"
_RATELESS: Final = "answered of amounts without a rate: see tests/integration/graph/test_funnel_figures.py"
_PRODUCTS: Final = "answered of plans along products: see tests/integration/graph/test_along_products.py"

UNREACHED: Final[dict[str, str]] = {
    **dict.fromkeys(("Cooldown.freeOn", "Cooldown.member", "Cooldown.rule"), _COOLING),
    **dict.fromkeys(("DisputeCorrection.line", "DisputeCorrection.statement"), _LATE),
    **dict.fromkeys(("ProductTarget.metric", "ProductTarget.target"), _PRODUCTS),
    **dict.fromkeys((f"TargetWarning.{name}" for name in ("beyond", "history", "orgUnit", "pipeline")), _WARNED),
    **dict.fromkeys(("TargetWarning.potential", "TargetWarning.target"), _WARNED),
    **dict.fromkeys(("TargetWarningEdge.cursor", "TargetWarningEdge.node"), _WARNED),
    **dict.fromkeys((f"UnconvertedAmount.{name}" for name in ("amount", "count", "currency")), _RATELESS),
}
