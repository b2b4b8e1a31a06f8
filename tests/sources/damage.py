"""Documents with damage: a good one, in which some values are something else."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(("10.0.0.0/8", "10.0.0.0/99", "::/0", "-1", "tcp", "aws_vpc.main", "[0]", "delete")),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=2),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key of a document."""
    steps = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in steps] + [one for _, part in steps for one in places(part)]


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """A copy with up to three values replaced or taken away."""
    broken = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        found = places(broken)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        if draw(st.booleans()):
            container[key] = draw(JUNK)
        else:
            del container[key]
    return broken
