"""Changes of real modules that keep their meaning change no finding: rewritings of one module.

In the environment `LAW_EXAMPLES` sets how many examples of each law are tried, the same ones each time, and `LAW_LARGEST` how
many lines the modules may have.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.scanner.laws.corpus import SAMPLES, Sample
from tests.scanner.laws.laws import LAWS, Chosen, Law
from tests.scanner.laws.probes import difference

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "8"))
MOST = 24
"""Places of one example."""
laws = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def chosen_places(data: st.DataObject, law: Law, sample: Sample) -> Chosen:
    """Some of the places of a sample at which a law has something to change."""
    places = law.places(sample)
    assume(places)
    return frozenset(data.draw(st.sets(st.integers(0, places - 1), min_size=1, max_size=MOST), label="places"))


@pytest.mark.parametrize("name", LAWS)
@laws
@given(data=st.data())
def test_law(name: str, data: st.DataObject) -> None:
    """A module that says the same in other words gives the same findings."""
    law = LAWS[name]
    sample = data.draw(st.sampled_from(SAMPLES), label="module")
    before, after = law.both(sample, chosen_places(data, law, sample))
    assert not difference(before, after)


@pytest.mark.parametrize("name", LAWS)
def test_law_has_places(name: str) -> None:
    """A law that finds nothing to change would hold for nothing."""
    counts = [LAWS[name].places(sample) for sample in SAMPLES[::4]]
    assert sum(map(bool, counts)) > len(counts) // 3
