"""The page as a whole: verdict, figures, and the sections below."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from buttress_scanner.findings.report_model import Report, Status
from buttress_scanner.report._summary import coverage, tally
from buttress_scanner.report._text import counted
from buttress_scanner.report.html._build import document, raw, tag
from buttress_scanner.report.html._code import Code
from buttress_scanner.report.html._contracts import contracts
from buttress_scanner.report.html._findings import Findings
from buttress_scanner.report.html._map import maps
from buttress_scanner.report.html._trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

_HERE = Path(__file__).parent
_WORDS = (
    ("Contract", "A rule about the whole program that somebody has written down, with the reason for it."),
    ("Kept", "The program was looked at, and nothing breaks the contract."),
    ("Broken", "There are findings: places in the code that break it."),
    ("Vacuous", "The contract guards nothing, since what it speaks of is not there. It is as urgent as a broken one."),
    ("Possible", "A finding that cannot be excluded, and is not proven. All others are proven."),
    ("Accepted", "A finding that somebody lives with: by a comment in the code, with a reason, or as known in the baseline."),
    ("Judged", "Places that a contract looked at: calls, functions, modules, whatever it speaks of."),
    (
        "Undecided",
        "Places that a contract looked at and could not decide. They are counted, so that nobody takes silence for proof.",
    ),
)


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as a page that needs nothing else: no network, no script for reading, no date of its own."""
    findings = Findings(report, Code(read_source))
    sections = [
        section
        for section in (
            findings.problems(),
            contracts(report),
            findings.open(),
            maps(report),
            trend(report),
            findings.accepted(),
        )
        if section is not None
    ]
    title = f"{report.project}: architecture report" if report.project else "Architecture report"
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    body = tag(
        "body",
        tag("a", "Skip to the contracts", href="#contracts", class_="skip"),
        _header(report, title),
        _navigation(report, sections),
        tag("main", sections),
        tag(
            "footer",
            tag("p", f"Made by {_maker()} from {report.configuration or 'a report'}. {coverage(report)}. {tally(report)}."),
        ),
        raw("script", script),
    )
    return document(tag("html", _head(title, style, script), body, lang="en"))


def _head(title: str, style: str, script: str) -> Element:
    """Write the head; the policy lets the browser load nothing and run nothing but what stands on this page."""
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        raw("style", style),
    )


def _digest(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def _maker() -> str:
    try:
        return f"buttress {version('buttress')}"
    except PackageNotFoundError:  # run from a source tree
        return "buttress"


def _header(report: Report, title: str) -> Element:
    state, verdict = _verdict(report)
    return tag(
        "header",
        tag("h1", title),
        tag("p", tag("strong", verdict), class_=f"verdict {state}", role="status"),
        [tag("p", line, class_="hint") for line in _circumstances(report)],
        tag("ul", list(_tiles(report)), class_="tiles"),
        tag("details", tag("summary", "What the words mean"), tag("dl", [_word(*each) for each in _WORDS]), class_="plain words"),
    )


def _verdict(report: Report) -> tuple[str, str]:
    """Say in one sentence what a reader must know, and how good that is."""
    total = len(report.contracts)
    vacuous = sum(result.status is Status.VACUOUS for result in report.contracts)
    broken = sum(result.status is Status.BROKEN for result in report.contracts)
    said = []
    if report.errors:
        said.append(f"{counted(len(report.errors), 'error')} kept the check from judging")
    if vacuous:
        said.append(f"{vacuous} of {counted(total, 'contract')} {'guards' if vacuous == 1 else 'guard'} nothing")
    if broken:
        said.append(f"{broken} of {counted(total, 'contract')} {'is' if broken == 1 else 'are'} broken")
    if said and report.exit_code == 0:
        said.append("by notes only, which the check lets pass")
    if not said and report.open_findings:
        said.append(f"the contracts are kept, with {counted(len(report.open_findings), 'finding')} about what is accepted")
    if not said and report.exit_code:
        said.append("the contracts are kept, and the baseline knows findings that are gone")
    if not said:
        return (
            "good",
            f"All {counted(total, 'contract')} are kept."
            if total > 1
            else "The contract is kept."
            if total
            else "No contract was checked.",
        )
    text = ", ".join(said)
    return ("doubtful", "bad", "doubtful")[report.exit_code], text[0].upper() + text[1:] + "."


def _circumstances(report: Report) -> Iterator[str]:
    """Yield what the figures have to be seen with."""
    if report.diff is not None:
        old = counted(report.diff.old, "older finding")
        yield f"Compared with {report.diff.revision} ({report.diff.commit[:12]}): only what is new is shown, {old} left out."
    if (use := report.baseline) is not None:
        fixed = f"; {counted(len(use.fixed), 'entry').replace('entrys', 'entries')} can go" if use.fixed else ""
        yield f"With the baseline {use.path}: {use.known} known, {use.new} new{fixed}."


def _tiles(report: Report) -> Iterator[Element]:
    """Yield the figures that everybody asks for."""
    kept = sum(result.status is Status.KEPT for result in report.contracts)
    accepted = len(report.findings) - len(report.open_findings)
    yield _tile(f"{kept} / {len(report.contracts)}", "contracts kept")
    yield _tile(str(len(report.open_findings)), "findings")
    yield _tile(str(accepted), "accepted")
    yield _tile(str(sum(result.judged for result in report.contracts)), "places judged")
    yield _tile(str(report.stats.undecided), "undecided")
    yield _tile(str(report.stats.files), "files")


def _word(name: str, meaning: str) -> list[Element]:
    return [tag("dt", name), tag("dd", meaning)]


def _tile(figure: str, name: str) -> Element:
    return tag("li", tag("strong", figure), " ", tag("span", name))


def _navigation(report: Report, sections: Sequence[Element]) -> Element:
    links = []
    for section in sections:
        heading = section.find("h2")
        if heading is not None:
            links.append(tag("a", heading.text or "", href=f"#{section.get('id')}"))
    theme = tag("button", "Light or dark", type="button", class_="theme needs-script", hidden=True)
    return tag("nav", links, theme, aria_label="Sections")
