"""The page: self-contained, escaped, the same every time; its map is readable whatever the program."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.map_model import Layering, Link, ModuleMap, Part
from buttress_scanner.findings.model import Finding, Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import BaselineUse, Comparison, ContractResult, Problem, Report, Site, Stats, Status
from buttress_scanner.report import render
from buttress_scanner.report.html import _findings
from tests.scanner.report.samples import DIRECT, FILES, FULL, QUIET, THROUGH_HELPER, reader
from tests.scanner.report.strategies import REPORTS

VOID = {"meta", "input", "br", "img", "link"}
ADDRESSES = {"href", "src", "action", "data", "srcset", "formaction", "xlink:href", "style"}


class Page(HTMLParser):
    """A page taken apart as a browser does: elements with attributes, text, and whether everything is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"}:
            self.raw[self.open[-1]] = data
        else:
            self.text.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Return the attributes of the elements of a name that have these."""
        return [has for name, has in self.elements if name == tag and attributes.items() <= has.items()]

    @property
    def words(self) -> str:
        """The text, with single blanks."""
        return re.sub(r"\s+", " ", "".join(self.text))


def source(report: Report) -> str:
    """Render a report over the sample files."""
    return render(report, "html", read_source=reader(FILES), color=True)


def page(report: Report) -> Page:
    """Render a report, take it apart, and see that everything is closed and nothing is loaded or run from elsewhere."""
    found = Page(source(report))
    assert found.open == []
    for _, attributes in found.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ADDRESSES or value.startswith("#")
    assert [name for name, _ in found.elements].count("script") == 1
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for attributes in found.all("a")}
    assert targets <= set(ids)
    return found


def test_findings_with_their_evidence() -> None:
    """A finding has message, place, code with the range marked, and each step of the chain with its code."""
    found = page(FULL)
    assert "app.run:go runs app.base:Plugin.run" in found.words
    assert "app/api.py:6:12 in app.api:handle · 2 steps" in found.words
    assert len(found.all("ol")) == 1
    steps = found.all("details", name=f"chain-f-{THROUGH_HELPER.fingerprint[:16]}")
    assert [("open" in step) for step in steps] == [False, True]
    assert "2 p.run()" in found.words
    assert "mark" in dict(found.elements)


def test_what_can_be_repaired() -> None:
    """A finding that a command can repair says so."""
    assert "buttress fix can repair it" in page(Report(findings=(replace(DIRECT, fixable=True),))).words
    assert "buttress fix" not in page(Report(findings=(DIRECT,))).words


BROKEN = replace(QUIET.contracts[0], status=Status.BROKEN)
VERDICTS = {
    "not to be trusted": (
        FULL,
        "doubtful",
        "1 error kept the check from judging, 1 of 3 contracts guards nothing, 1 of 3 contracts is broken.",
    ),
    "one contract": (QUIET, "good", "The contract is kept."),
    "contracts": (
        Report(contracts=(QUIET.contracts[0], replace(QUIET.contracts[0], id="b"))),
        "good",
        "All 2 contracts are kept.",
    ),
    "nothing": (Report(), "good", "No contract was checked."),
    "broken": (Report((DIRECT,), (BROKEN, replace(QUIET.contracts[0], id="b"))), "bad", "1 of 2 contracts is broken."),
    "notes": (
        Report((replace(DIRECT, severity=Severity.NOTE),), (BROKEN,)),
        "doubtful",
        "1 of 1 contract is broken, by notes only, which the check lets pass.",
    ),
    "a suppression without effect": (
        Report((replace(DIRECT, contract="suppression"),), QUIET.contracts),
        "bad",
        "The contracts are kept, with 1 finding about what is accepted.",
    ),
    "a baseline that is too long": (
        Report((), QUIET.contracts, baseline=BaselineUse("b", fixed=("x",), strict=True)),
        "bad",
        "The contracts are kept, and the baseline knows findings that are gone.",
    ),
}


@pytest.mark.parametrize(("report", "state", "sentence"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict(report: Report, state: str, sentence: str) -> None:
    """The first sentence says what a manager must know, in the colour of the exit code."""
    found = page(report)
    assert [has["class"] for has in found.all("p", role="status")] == [f"verdict {state}"]
    assert sentence in found.words


def test_why_a_contract_guards_nothing() -> None:
    """A vacuous contract stands first, open, with the reason."""
    found = page(FULL)
    rows = [has for has in found.all("details") if has.get("class", "").startswith("contract")]
    assert [row["class"] for row in rows] == ["contract vacuous", "contract broken", "contract kept"]
    assert ["open" in row for row in rows] == [True, False, False]
    assert "app.audit:write does not exist" in found.words


def test_what_is_accepted_is_told_with_the_reason() -> None:
    """Suppressed and known findings have a section of their own."""
    words = page(replace(FULL, findings=(*FULL.findings, replace(DIRECT, baselined=True, ordinal=1)))).words
    assert "1 by a comment in the code, 1 by the baseline." in words
    assert "“the client has no other door”" in words
    assert "known to the baseline" in words


def test_circumstances() -> None:
    """What a reader must know of baseline and comparison stands above the figures."""
    words = page(
        replace(QUIET, baseline=BaselineUse("buttress.baseline", 12, 0, ("a", "b")), diff=Comparison("main", "ab" * 20, 1))
    ).words
    assert "Compared with main (abababababab): only what is new is shown, 1 older finding left out." in words
    assert "With the baseline buttress.baseline: 12 known, 0 new; 2 entries can go." in words


def test_undecided_sites_are_listed() -> None:
    """A contract names the places that it could not decide."""
    site = Site(Position("app/api.py", 3, 5), "the receiver is not known")
    words = page(replace(QUIET, contracts=(replace(QUIET.contracts[0], undecided=1, sites=(site,)),))).words
    assert "1 place could not be decided:" in words
    assert "app/api.py:3:5: the receiver is not known" in words


def test_code_that_is_gone() -> None:
    """Without the files the page says so, and shows everything else."""
    text = render(FULL, "html", read_source=reader({}), color=False)
    assert "The code is not at hand." in Page(text).words


def test_more_findings_than_anybody_reads() -> None:
    """Beyond a limit findings are counted."""
    many = tuple(replace(DIRECT, ordinal=number) for number in range(_findings.LIMIT + 2))
    last = replace(DIRECT, contract="pure", severity=Severity.NOTE)
    found = page(Report(findings=(*many, last), contracts=(BROKEN,)))
    assert "3 findings more: the JSON report has them all." in found.words


def test_the_page_carries_a_policy_for_its_own_content() -> None:
    """The browser may load nothing, and run and apply only what stands on the page."""
    found = page(FULL)
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    for name in ("script", "style"):
        digest = b64encode(sha256(found.raw[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy["content"]
    assert policy["content"].startswith("default-src 'none'; ")


def test_no_address_of_another_machine() -> None:
    """Nothing on the page points at the network."""
    assert not re.search(r"https?://|//[a-z]+\.[a-z]", source(replace(FULL, map=SHOP, history=(("before", FULL),))))


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`&amp;{{7*7}}</style></title>\u202e\x00"


def hostile() -> Report:
    """A report in which every text is an attack."""
    place = Position(HOSTILE, 1, 1, 1, 4)
    finding = Finding(
        HOSTILE, HOSTILE, place, HOSTILE, HOSTILE, HOSTILE, because=HOSTILE, evidence=(Step(place, HOSTILE, HOSTILE),)
    )
    result = ContractResult(HOSTILE, HOSTILE, Status.VACUOUS, 1, 1, (HOSTILE,), HOSTILE, 1, because=HOSTILE, source=HOSTILE)
    drawn = ModuleMap(
        ("a", HOSTILE), (Link("a", HOSTILE, place),), (Layering(HOSTILE, ((Part(HOSTILE, ("a",)),), (Part("b", (HOSTILE,)),))),)
    )
    accepted = replace(finding, suppressed=Suppressed(HOSTILE, 1))
    problem = Problem(HOSTILE, 1, 1, HOSTILE, HOSTILE)
    told = Report(
        (finding, accepted),
        (replace(result, sites=(Site(place, HOSTILE),)),),
        (problem,),
        Stats(1),
        HOSTILE,
        baseline=BaselineUse(HOSTILE),
        diff=Comparison(HOSTILE, HOSTILE),
        project=HOSTILE,
        map=drawn,
    )
    return replace(told, history=((HOSTILE, told),))


def test_no_text_becomes_markup() -> None:
    """Whatever a project calls its things, they are text on the page."""
    text = render(hostile(), "html", read_source=reader({HOSTILE: HOSTILE.encode()}), color=False)
    found = Page(text)
    assert found.open == []
    names = [name for name, _ in found.elements]
    assert names.count("script") == 1
    assert "img" not in names
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    assert "\u202e" not in text
    assert "\x00" not in text
    assert found.words.count("alert(1)") > 10


SHOP = ModuleMap(
    ("shop.domain", "shop.lonely", "shop.plugins.a", "shop.plugins.b", "shop.web"),
    (
        Link("shop.domain", "shop.web", Position("shop/domain.py", 3)),
        Link("shop.plugins.a", "shop.plugins.b", Position("shop/plugins/a.py", 1)),
        Link("shop.plugins.b", "shop.plugins.a", Position("shop/plugins/b.py", 1), typing=True),
        Link("shop.web", "shop.domain", Position("shop/web.py", 1)),
        Link("shop.web", "shop.plugins.a", Position("shop/web.py", 2)),
    ),
    (
        Layering(
            "layers",
            (
                (Part("shop.web", ("shop.web",)),),
                (Part("shop.plugins.**", ("shop.plugins.a", "shop.plugins.b")), Part("shop.none", ())),
                (Part("@domain", ("shop.domain",)),),
            ),
        ),
    ),
)


def test_the_map_shows_what_breaks_the_layers() -> None:
    """An import that a finding speaks of is an arrow against the layers; one for type checkers is another sort."""
    upward = replace(DIRECT, contract="layers", kind="import-layers", position=Position("shop/domain.py", 3))
    found = page(Report(findings=(upward,), map=SHOP))
    arrows = {has["data-from"] + " > " + has["data-to"]: has["class"] for has in found.all("path") if "data-from" in has}
    assert arrows["2.0:@domain > 0.0:shop.web"] == "arrow broken"
    assert arrows["1.0:shop.plugins.b > 1.0:shop.plugins.a"] == "arrow typing"
    assert "1 forbidden import" in found.words
    assert "Imports go down only. Outside of this map: 1 module." in found.words


def test_siblings_have_a_map_too() -> None:
    """A contract of one layer says that nothing on it imports the rest; who does is an arrow that breaks it."""
    side = Layering("apart", ((Part("shop.plugins.a", ("shop.plugins.a",)), Part("shop.plugins.b", ("shop.plugins.b",))),))
    broken = replace(DIRECT, contract="apart", position=Position("shop/plugins/a.py", 1))
    found = page(Report(findings=(broken,), map=replace(SHOP, layerings=(side,))))
    assert "What stands side by side imports nothing of the others. Outside of this map: 3 modules." in found.words
    assert "arrow broken" in {has.get("class") for has in found.all("path")}


def test_an_accepted_import_is_another_sort_of_arrow() -> None:
    """What the baseline knows is not drawn as if it were new."""
    known = replace(DIRECT, contract="layers", position=Position("shop/domain.py", 3), baselined=True)
    found = page(Report(findings=(known,), map=SHOP))
    assert "arrow accepted" in {has.get("class") for has in found.all("path")}
    assert "forbidden import" not in found.words


def test_the_trend_has_a_point_for_each_report() -> None:
    """Findings and contracts of earlier reports are drawn and stand in a table, the oldest first."""
    found = page(replace(QUIET, history=(("2026-01", FULL), ("2026-02", QUIET))))
    assert len([has for has in found.all("circle") if has["class"] == "dot open"]) == 3
    assert "2 earlier reports, oldest first. Open findings: 0, 3 fewer than at the beginning." in found.words
    assert "2026-01311117412" in found.words


def test_no_trend_without_history() -> None:
    """One report alone has no trend."""
    assert not page(FULL).all("section", id="trend")


@pytest.mark.parametrize(
    "report", [FULL, QUIET, Report(), replace(FULL, map=SHOP, history=(("a", QUIET),))], ids=["full", "quiet", "empty", "map"]
)
def test_the_same_bytes_every_time(report: Report) -> None:
    """A page depends on nothing but the report and the files."""
    assert source(report) == source(report)


MODULES = st.lists(st.sampled_from([f"{a}.{b}{c}" for a in "pq" for b in "rs" for c in ("", ".t", ".u.v")]), unique=True).map(
    sorted
)


@st.composite
def programs(draw: st.DrawFn) -> ModuleMap:
    """Any modules, imports and layers."""
    modules = draw(MODULES)
    if not modules:
        return ModuleMap((), ())
    ends = st.tuples(st.sampled_from(modules), st.sampled_from(modules))
    links = draw(st.dictionaries(ends, st.booleans(), max_size=20))
    layers = tuple(
        (Part(f"{name}.**", tuple(module for module in modules if module.startswith(name))),)
        for name in draw(st.permutations("pq"))
    )
    written = tuple(sorted(Link(a, b, Position("x.py", 1), typing) for (a, b), typing in links.items() if a != b))
    return ModuleMap(tuple(modules), written, (Layering("layers", layers),))


@given(REPORTS, programs(), REPORTS)
def test_every_report_is_a_page(report: Report, drawn: ModuleMap, earlier: Report) -> None:
    """Whatever a report holds, the page is well-formed, and loads and runs nothing."""
    page(replace(report, map=drawn, history=(("before", earlier),)))
