"""Contracts of which one forbids what another demands are an error that names both."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner import api
from buttress_scanner.contracts.claims import Above, Exactly, May, Needs, Never, Only, contradictions

if TYPE_CHECKING:
    from pathlib import Path

    from buttress_scanner.contracts.claims import Claim

FILES = {
    "app/plugins.py": """\
class Plugin:
    def run(self, row: str) -> str:
        return row


class Upper(Plugin):
    def run(self, row: str) -> str:
        return row.upper()
""",
    "app/states.py": """\
from enum import Enum


class State(Enum):
    PENDING = 1
    RUNNING = 2
    DONE = 3
    FINISHED = 3


class Job:
    def __init__(self) -> None:
        self.state = State.PENDING


JOB = Job()
""",
    "app/runner.py": """\
from app.audit import record
from app.plugins import Plugin


def run(plugin: Plugin, row: str) -> str:
    try:
        return plugin.run(row)
    finally:
        record()
""",
    "app/audit.py": """\
from app import metrics

METER = metrics.Meter()


def record() -> None:
    metrics.count()
""",
    "app/metrics.py": """\
def count() -> None:
    pass


class Meter:
    def __init__(self) -> None:
        self.total = 0
""",
    "app/core/model.py": "from app import states\n\nSTATE = states.State.DONE\n",
    "app/core/flow.py": "from app import states\n",
    "app/web.py": "from app import runner\n\n\ndef show(plugin: object) -> None:\n    runner.run(plugin, 'a')\n",
}


def contract(name: str, kind: str, **fields: object) -> str:
    """Write one contract."""
    written = "".join(f"{key.replace('_', '-')} = {_toml(value)}\n" for key, value in fields.items())
    return f'[[contract]]\nid = "{name}"\nkind = "{kind}"\nbecause = "x"\n{written}'


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return f"'{value}'"


def told(folder: Path, *contracts: str) -> list[str]:
    """The contradictions that a check of the program reports."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "buttress.toml").write_text("\n".join(contracts))
    report = api.check(folder, today=date(2027, 1, 1))
    assert [result.why for result in report.contracts if result.why] == []
    messages = [problem.message for problem in report.errors]
    assert all("contradict each other" in message for message in messages)
    assert not messages or report.exit_code == 2
    return messages


RUN = "app.plugins:Plugin.run"


def choke(name: str, *only: str, protect: str = RUN) -> str:
    """A choke point."""
    return contract(name, "choke-point", protect=protect, only=only)


def wired(symbol: str, *callers: str) -> str:
    """A demand for callers."""
    return contract("b", "wired", symbols=symbol, **({"callers_in": callers} if callers else {}))


def zone(name: str, modules: str, **members: object) -> str:
    """Restricted members of the enum."""
    return contract(name, "enum-zone", enum="app.states:State", zone=modules, **members)


def signature(name: str, *params: str, function: str = RUN, **fields: object) -> str:
    """A demanded signature."""
    return contract(name, "signature", function=function, params=params, **fields)


def layers(name: str, *listed: object) -> str:
    """Layers, top first."""
    return contract(name, "import-layers", layers=list(listed))


def states(name: str, initial: str = "PENDING", **transitions: object) -> str:
    """States of the jobs, and which follow which."""
    table = ", ".join(f"{state} = {_toml(after)}" for state, after in transitions.items())
    fields = {"enum": "app.states:State", "attribute": "app.states:Job.state", "initial": initial}
    return contract(name, "state-transition", **fields) + f"transitions = {{{table}}}\n"


def obligation(function: str, *must_call: str) -> str:
    """A demand to call something before a function is left."""
    return contract("b", "finally-obligation", function=function, must_call=must_call)


CONTRADICT = {
    "two choke points that share no place": (choke("a", "app.runner"), choke("b", "app.web")),
    "two choke points, both with exempt code": (
        choke("a", "app.runner") + 'exempt = [{ symbol = "app.audit", reason = "x" }]\n',
        choke("b", "app.web") + 'exempt = [{ symbol = "app.audit", reason = "x" }]\n',
    ),
    "of one symbol and of a pattern": (choke("a", "app.core.**"), choke("b", "app.web:show")),
    "a caller is demanded where none may be": (choke("a", "app.runner"), wired(RUN, "app.web")),
    "a caller of an override is demanded where none may be": (
        choke("a", "app.runner"),
        wired("app.plugins:Upper.run", "app.web"),
    ),
    "a construction is demanded where none may be": (
        choke("a", "app.runner", protect="app.metrics:Meter.__init__"),
        wired("app.metrics:Meter", "app.web"),
    ),
    "a function has to call what it may not": (
        choke("a", "app.runner", protect="app.metrics:count"),
        obligation("app.web:show", "app.metrics:count"),
    ),
    "two lists of parameters": (signature("a", "self", "row: str"), signature("b", "self", "row: bytes")),
    "another default": (signature("a", "self", "row: str"), signature("b", "self", "row: str = None")),
    "two results": (signature("a", "self", "row: str", returns="str"), signature("b", "self", "row: str", returns="bytes")),
    "a coroutine function and none": (
        signature("a", "self", "row: str"),
        contract("b", "signature", function=RUN, params=["self", "row: str"], **{"async": True}),
    ),
    "two signatures, one of a base class": (
        signature("a", "self", "row: str"),
        signature("b", "self", "line: str", function="app.plugins:Upper.run"),
    ),
    "permitted members without a common one": (
        zone("a", "app.core.**", allow="DONE"),
        zone("b", "app.core.**", allow=["PENDING"]),
    ),
    "the one permitted member is forbidden": (
        zone("a", "app.core.**", allow="DONE"),
        zone("b", "app.**", forbid=["DONE", "RUNNING"]),
    ),
    "by another name of it": (zone("a", "app.core.**", allow="DONE"), zone("b", "app.core.**", forbid="FINISHED")),
    "a smaller zone that permits what the larger does not": (
        zone("a", "app.**", allow="DONE"),
        zone("b", "app.core.flow", allow="RUNNING"),
    ),
    "a caller is demanded in a layer that may not import": (
        layers("a", "app.web", "app.audit"),
        wired("app.web:show", "app.audit"),
    ),
    "a construction is demanded where one only observes": (
        contract("a", "read-only-observer", zone="app.web", subjects="app.metrics:Meter", members="total"),
        wired("app.metrics:Meter", "app.web"),
    ),
    "states of which nothing can follow another": (states("a", DONE="RUNNING"), states("b", DONE="PENDING")),
    "first states without a common one": (states("a", initial="DONE"), states("b", initial="RUNNING")),
    "layers upside down": (layers("a", "app.web", "app.core.**"), layers("b", "app.core.**", "app.web")),
    "layers upside down in parts": (
        layers("a", "app.web", "app.runner", "app.core.**", "app.states"),
        layers("b", "app.runner", ["app.states", "app.audit"], "app.core.model"),
    ),
    "imports that only a lower layer may have": (
        layers("a", "app.web", "app.runner"),
        contract("b", "protected-modules", modules="app.web", only_imported_by="app.runner"),
    ),
    "imports that are forbidden to the only ones that may": (
        contract("a", "protected-modules", modules="app.states", only_imported_by=["app.core.**"]),
        contract("b", "forbidden-imports", modules=["app.core.**"], forbidden="app.states", indirect=False),
    ),
    "modules protected from one another's importers": (
        contract("a", "protected-modules", modules="app.states", only_imported_by="app.core.**"),
        contract("b", "protected-modules", modules="app.states", only_imported_by="app.web"),
    ),
    "independent, and the only importer": (
        contract("a", "independent-modules", modules=["app.web", "app.runner"], indirect=False),
        contract("b", "protected-modules", modules="app.runner", only_imported_by="app.web"),
    ),
    "a caller is demanded that skips a link": (
        contract("a", "call-chain", chain=["app.web", "app.audit:record", "app.metrics:count"]),
        wired("app.metrics:count", "app.web"),
    ),
}


@pytest.mark.parametrize("contracts", CONTRADICT.values(), ids=CONTRADICT)
@pytest.mark.parametrize("is_turned", [False, True], ids=["as written", "turned round"])
def test_contradictions_name_both(tmp_path: Path, contracts: tuple[str, str], is_turned: bool) -> None:
    """One error, whichever of the two stands first, and it names both and what they disagree about."""
    (message,) = told(tmp_path, *(reversed(contracts) if is_turned else contracts))
    assert "'a'" in message
    assert "'b'" in message


LAWFUL = {
    "two choke points with a common place": (choke("a", "app.runner", "app.web"), choke("b", "app.web:show", "app.core.**")),
    "choke points of different symbols": (choke("a", "app.runner"), choke("b", "app.web", protect="app.metrics:count")),
    "of namesakes": (choke("a", "app.runner"), wired("app.runner:run", "app.web")),
    "a caller is demanded where one may be": (choke("a", "app.runner"), wired(RUN, "app.**")),
    "a caller is demanded in code that is exempt": (
        choke("a", "app.runner") + 'exempt = [{ path = "app/web.py", reason = "x" }]\n',
        wired(RUN, "app.web"),
    ),
    "a caller is demanded anywhere": (choke("a", "app.runner"), wired(RUN)),
    "a caller inside of the function that may": (choke("a", "app.runner:run"), wired(RUN, "app.runner")),
    "an obligation that a helper meets": (
        choke("a", "app.audit", protect="app.metrics:count"),
        obligation("app.runner:run", "app.metrics:count"),
    ),
    "an obligation with a choice": (
        choke("a", "app.audit", protect="app.metrics:count"),
        obligation("app.web:show", "app.metrics:count", "app.audit:record"),
    ),
    "one signature in two layouts": (signature("a", "self", "row: str"), signature("b", "self", "row:str")),
    "a result and none demanded": (signature("a", "self", "row: str", returns="str"), signature("b", "self", "row: str")),
    "signatures of two functions": (
        signature("a", "self", "row: str"),
        signature("b", "plugin: Plugin", "row: str", function="app.runner:run"),
    ),
    "permitted members with a common one": (
        zone("a", "app.core.**", allow=["DONE", "RUNNING"]),
        zone("b", "app.core.**", allow="DONE"),
    ),
    "a smaller zone that is stricter": (zone("a", "app.**", allow="DONE"), zone("b", "app.core.flow", forbid=["DONE"])),
    "all members forbidden, in two contracts": (
        zone("a", "app.core.flow", forbid=["DONE"]),
        zone("b", "app.core.flow", forbid=["RUNNING", "PENDING"]),
    ),
    "zones that do not meet": (zone("a", "app.core.**", allow="DONE"), zone("b", "app.runner", allow="PENDING")),
    "a caller is demanded in a layer above": (
        layers("a", "app.web", "app.audit"),
        wired("app.audit:record", "app.web", "app.runner"),
    ),
    "observed here, constructed there": (
        contract("a", "read-only-observer", zone="app.web", subjects="app.metrics:Meter", members="total"),
        wired("app.metrics:Meter", "app.audit"),
    ),
    "states of which fewer follow here than there": (
        states("a", DONE=["RUNNING", "PENDING"]),
        states("b", DONE="PENDING", RUNNING="DONE"),
    ),
    "layers of one order": (
        layers("a", "app.web", "app.runner", "app.states"),
        layers("b", "app.web", ["app.states", "app.audit"]),
    ),
    "siblings here, layers there": (layers("a", ["app.web", "app.runner"], "app.states"), layers("b", "app.web", "app.runner")),
    "layers of other modules": (layers("a", "app.web", "app.core.**"), layers("b", "app.runner", "app.metrics")),
    "what is below is forbidden as well": (
        layers("a", "app.web", "app.states"),
        contract("b", "forbidden-imports", modules="app.web", forbidden="app.states"),
    ),
    "protected, and forbidden to others": (
        contract("a", "protected-modules", modules="app.states", only_imported_by=["app.core.**"]),
        contract("b", "forbidden-imports", modules="app.core.model", forbidden="app.web"),
    ),
    "a chain and callers along it": (
        contract("a", "call-chain", chain=["app.web:show", "app.runner:run", "app.audit:record", "app.metrics:count"]),
        wired("app.metrics:count", "app.audit"),
    ),
}


@pytest.mark.parametrize("contracts", LAWFUL.values(), ids=LAWFUL)
def test_what_can_be_kept_together_is_no_contradiction(tmp_path: Path, contracts: tuple[str, str]) -> None:
    """Contracts may overlap, repeat and tighten each other."""
    assert told(tmp_path, *contracts) == []
    assert told(tmp_path, *reversed(contracts)) == []


def test_the_message_says_where_and_what(tmp_path: Path) -> None:
    """The error stands at the later contract and names the line of the earlier one."""
    told(tmp_path, choke("a", "app.runner"), choke("b", "app.web"))
    (problem,) = api.check(tmp_path).errors
    assert (problem.path, problem.line) == ("buttress.toml", 8)
    assert problem.message == (
        "the contracts 'a' (line 1) and 'b' contradict each other: "
        "calls of app.plugins:Plugin.run: 'a' permits only app.runner, 'b' only app.web"
    )
    assert problem.hint


def test_each_pair_is_told_once(tmp_path: Path) -> None:
    """However many symbols two contracts disagree about; a third contract makes pairs of its own."""
    both = contract("a", "choke-point", protect=[RUN, "app.metrics:count"], only="app.runner")
    other = contract("b", "choke-point", protect=[RUN, "app.metrics:count"], only="app.web")
    assert len(told(tmp_path, both, other)) == 1
    assert len(told(tmp_path, both, other, choke("c", "app.core.**"))) == 3


# --- the logic

NAMES = st.frozensets(st.sampled_from(["m", "n", "m:f", "m:C.g", "n:h"]), max_size=3)
CLAIMS = st.one_of(
    st.builds(Only, st.just("x"), NAMES),
    st.builds(May, st.just("x"), NAMES),
    st.builds(Never, st.just("x"), NAMES),
    st.builds(Needs, st.just("x"), NAMES),
    st.builds(Exactly, st.just("x"), st.sampled_from(["1", "2"])),
    st.builds(Above, st.just("x"), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3))),
)


def pairs(one: Claim, other: Claim) -> int:
    """How many contradictions two claims make."""
    return len(list(contradictions([("a", [one]), ("b", [other])], frozenset())))


@given(CLAIMS, CLAIMS)
def test_it_does_not_matter_who_says_what(one: Claim, other: Claim) -> None:
    """Contradiction goes both ways."""
    assert pairs(one, other) == pairs(other, one)


@given(CLAIMS)
def test_nobody_contradicts_oneself(claim: Claim) -> None:
    """Two contracts that say the same agree."""
    assert pairs(claim, claim) == 0


@given(CLAIMS, CLAIMS)
def test_other_things_do_not_matter(one: Claim, other: Claim) -> None:
    """Claims about different things are never compared."""
    assert list(contradictions([("a", [one]), ("b", [_about(other)])], frozenset())) == []


def _about(claim: Claim) -> Claim:
    from dataclasses import replace

    return replace(claim, about="y")


RANKS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6)


@given(RANKS, RANKS)
def test_orders_disagree_if_any_two_do(one: dict[str, int], other: dict[str, int]) -> None:
    """The quick way down finds what looking at every pair finds."""
    both = sorted(one.keys() & other.keys())
    slow = any(one[p] < one[q] and other[p] > other[q] for p in both for q in both)
    assert bool(pairs(Above("x", one), Above("x", other))) is slow
