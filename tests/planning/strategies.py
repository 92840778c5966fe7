"""Generators of requests, legal ones; whether their commands are planned or rejected is open."""

from __future__ import annotations

from hypothesis import strategies as st

from buttress_runtime.planning import JobCommand, PlanRequest

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4)
numbers = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
json_values: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
json_objects = st.dictionaries(texts, json_values, max_size=3)
commands = st.builds(
    JobCommand,
    kind=st.sampled_from(["free", "copy", "nothing"]),
    inputs=st.lists(texts, max_size=3).map(tuple),
    outputs=st.lists(texts, max_size=3).map(tuple),
    parameters=st.one_of(json_objects, st.fixed_dictionaries({}, optional={"value": json_values, "mode": st.just("fast")})),
    depends_on=st.lists(st.integers(-1, 7), max_size=3).map(tuple),
)
requests = st.builds(PlanRequest, commands=st.lists(commands, max_size=6).map(tuple), parameters=json_objects)
