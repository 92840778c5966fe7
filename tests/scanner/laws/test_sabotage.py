"""Every law turns red when the meaning changes: rewritings that are wrong on purpose, and a comparison that must see it."""

from __future__ import annotations

import pytest

from tests.scanner.laws import renaming, splitting
from tests.scanner.laws.corpus import Sample, module_of
from tests.scanner.laws.laws import LAWS, Chosen, Law
from tests.scanner.laws.probes import Deeds, check, deeds, difference, probes

SHOP = '''"""A module with a deed of every kind."""
import time


class Plugin:
    def run(self, at):
        return at

    def rest(self):
        return None


def now(flag):
    plugin = Plugin()
    value = time.time()
    if flag:
        plugin.run(value)
    else:
        plugin.rest()
    return value


def later():
    total = 1
    Plugin().rest()
    return Plugin().run(total)
'''
SAMPLE = Sample("shop", "lab/shop.py", {"lab/shop.py": SHOP})

WRONG: dict[str, tuple[str, str]] = {
    "identity": ("value = time.time()", "value = None"),
    "container": ("Plugin().run(total)", "[Plugin().run, total][1]"),
    "conditional": ("plugin.rest()", "(plugin.rest() if False else plugin.run(1))"),
    "getattr": ("plugin.rest()", "getattr(plugin, 'run')()"),
    "bound method": ("plugin.run(value)", "bound_method_1 = plugin.rest\n        bound_method_1()"),
    "helper": ("    Plugin().rest()", "    def moved_1():\n        Plugin().run(1)\n    moved_1()"),
    "swapped if": ("if flag:", "if not flag and False:\n        pass\n    elif plugin.run(2):"),
    "order of definitions": ("def later():", "def now(flag=None):"),
    "local name": ("value = time.time()", "value_renamed_local = 1"),
}
"""For each law a change that only looks like one of its own."""


def compared(law: Law, changed: Sample) -> tuple[Deeds, Deeds]:
    """The deeds before and after a change."""
    configuration = probes(SAMPLE)
    report = check(SAMPLE, configuration)
    return deeds(report, SAMPLE.files, law.view), deeds(check(changed, configuration), changed.files, law.view)


@pytest.mark.parametrize("name", LAWS)
def test_a_change_of_meaning_is_noticed(name: str) -> None:
    """A rewriting that is wrong at one place changes what is found."""
    old, new = WRONG[name]
    assert old in SHOP
    assert difference(*compared(LAWS[name], SAMPLE.with_text(SHOP.replace(old, new))))


@pytest.mark.parametrize("name", LAWS)
def test_the_law_holds_for_it_otherwise(name: str) -> None:
    """Rewritten as it should be, the same module gives the same findings, at all places at once."""
    law = LAWS[name]
    every: Chosen = frozenset(range(law.places(SAMPLE)))
    assert every
    changed = law.change(SAMPLE, every)
    assert changed.text != SHOP
    assert not difference(*compared(law, changed))


def test_renaming_respects_scopes() -> None:
    """A renamed variable is renamed where an inner function reads it, and a namesake elsewhere keeps its name."""
    text = "def f():\n    x = 1\n    def g():\n        return x\n    return g\ndef h():\n    x = 2\n    return locals(), x\n"
    assert renaming.renamed(text, frozenset({0})).count(f"x{renaming.SUFFIX}") == 2
    assert renaming.count(text) == 1
    assert renaming.count("def f(x):\n    x = 1\n    global y\n    y = x\n") == 0


def test_splitting_moves_only_what_can_move() -> None:
    """What uses another definition of the module, or a variable of it, stays; what moves is imported back."""
    text = "import re\nX = 1\ndef a():\n    return X\ndef b():\n    return re.escape('')\ndef c():\n    return b()\n"
    assert splitting.movable(text) == ("b",)
    parts = splitting.split(Sample("m", "lab/m.py", {"lab/m.py": text}), frozenset({0})).files
    assert "def b" not in parts["lab/m.py"]
    assert f"from lab.{splitting.NEW} import b" in parts["lab/m.py"]
    assert module_of(f"lab/{splitting.NEW}.py") == f"lab.{splitting.NEW}"
    assert "def b" in parts[f"lab/{splitting.NEW}.py"]
