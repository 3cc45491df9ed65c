from __future__ import annotations

import pytest

from quotaloom_sdk import AllocationResult, Explanation, InvalidResult


def test_result_has_one_shape_for_the_children() -> None:
    """A result that gives both one weight per child and a matrix contradicts itself."""
    with pytest.raises(InvalidResult, match="children or matrix, not both"):
        AllocationResult(children=(1,), matrix=((1,),), explanation=Explanation("Because."))
