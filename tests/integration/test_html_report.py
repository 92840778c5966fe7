"""The HTML report in a real browser: what a manager reads, an architect clicks through, and nobody can smuggle in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from tests.integration.browser import browser_path, launched, visited
from tests.integration.house import Outcome, run, tool, write_tree
from tests.integration.shop import CONFIGURATION, FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


def buttress(folder: Path, *arguments: str) -> Outcome:
    """Run the command as users do."""
    return run([tool("buttress"), *arguments], folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file; each has a profile of its own."""
    path = browser_path()
    if path is None:
        pytest.skip("there is no Chromium and no Chrome here: make browser")
    with launched(path) as found:
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with broken contracts, checked three times while it got better."""
    folder = write_tree(tmp_path_factory.mktemp("shop"), FILES)
    (folder / "reports").mkdir()
    for name, text in (("1-spring", "LATER = 1\n"), ("2-summer", "")):
        worse = "from shop.web import views\n" if name == "1-spring" else ""
        (folder / "shop/domain/later.py").write_text(worse + text)
        assert buttress(folder, "check", "--output", f"json=reports/{name}.json").code == 1
    (folder / "shop/domain/later.py").unlink()
    assert buttress(folder, "check", "--history", "reports", "--output", "html=page.html").code == 1
    return folder


@pytest.fixture
def page(browser: Browser, shop: Path) -> Iterator[Page]:
    """The page of the shop. Whatever a test did with it, it asked for nothing, and nothing went wrong."""
    with visited(browser, shop / "page.html") as visit:
        yield visit.page
        assert visit.requests == [(shop / "page.html").as_uri()]
        assert visit.complaints == []


def test_the_first_glance(page: Page) -> None:
    """Title, verdict and figures are there without a click."""
    expect(page).to_have_title("Corner Shop: architecture report")
    expect(page.get_by_role("heading", level=1)).to_have_text("Corner Shop: architecture report")
    expect(page.get_by_role("status").first).to_have_text("4 of 5 contracts are broken.")
    expect(page.locator(".contract .badge")).to_have_text(["✗ broken"] * 4 + ["✓ kept"])
    expect(page.locator(".tiles li").nth(1)).to_have_text(re.compile(r"5\s+findings"))


def test_a_contract_tells_why_it_exists(page: Page) -> None:
    """A click on a contract shows kind, reason, source and what was judged."""
    row = page.locator("#contract-layers")
    expect(row.locator(".body")).to_be_hidden()
    row.locator("summary .badge").click()
    expect(row.locator(".body")).to_contain_text("docs/architecture.md")
    expect(row.locator(".body")).to_contain_text("Checks that modules import only downwards")
    expect(page.locator("#contract-one-way-to-plugins .body")).to_contain_text("could not be decided")


def test_from_a_contract_to_its_findings(page: Page) -> None:
    """The count of findings leads to them."""
    page.locator("#contract-layers").get_by_role("link", name="2 findings").click()
    expect(page.locator("#findings-layers")).to_be_in_viewport()


def test_a_link_to_a_finding_opens_it(browser: Browser, shop: Path) -> None:
    """Who gets the address of a finding sees its code at once."""
    with visited(browser, shop / "page.html") as visit:
        identity = visit.page.locator(".finding").first.get_attribute("id")
        visit.page.goto(f"{(shop / 'page.html').as_uri()}#{identity}")
        visit.page.reload()
        expect(visit.page.locator(f"#{identity} .code").first).to_be_visible()


def test_the_code_is_marked(page: Page) -> None:
    """An open finding shows its lines of code with the range in question marked."""
    finding = page.locator("#findings-layers .finding").first
    finding.locator("summary").click()
    expect(finding.locator("mark").first).to_be_visible()
    assert "".join(finding.locator("pre").first.locator("mark").all_text_contents()) == "from shop.web.views import overview"
    expect(finding.locator(".line.hit .gutter")).to_have_text("18")


def test_a_chain_can_be_clicked_through(page: Page) -> None:
    """Buttons and arrow keys go from step to step; one step is open at a time."""
    finding = page.locator("#findings-one-way-to-plugins .finding")
    finding.locator("> summary").click()
    steps = finding.locator(".chain details")
    opened = finding.locator(".chain details[open]")
    total = steps.count()
    assert total >= 2
    told = finding.locator(".stepper .hint")
    expect(told).to_have_text(f"Step {total} of {total}")
    expect(finding.get_by_role("button", name="Next step")).to_be_disabled()
    finding.get_by_role("button", name="Previous step").click()
    expect(told).to_have_text(f"Step {total - 1} of {total}")
    expect(opened).to_have_count(1)
    expect(opened.locator("pre")).to_be_visible()
    finding.get_by_role("button", name="Next step").click()
    finding.get_by_role("button", name="Previous step").press("ArrowLeft")
    expect(told).to_have_text(f"Step {total - 1} of {total}")
    finding.locator(".chain summary").first.click()
    expect(told).to_have_text(f"Step 1 of {total}")
    expect(opened).to_have_count(1)


def test_findings_can_be_narrowed(page: Page) -> None:
    """Words and severities narrow the list; groups without findings go, and what is left is counted."""
    search = page.get_by_role("searchbox", name="Filter findings")
    search.fill("TAX import")
    expect(page.locator(".finding:visible")).to_have_count(1)
    expect(page.locator(".group:visible")).to_have_count(1)
    expect(page.locator(".tools output")).to_have_text("1 of 5")
    search.fill("nothing has this name")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    search.fill("")
    page.get_by_label("error (4)").uncheck()
    expect(page.locator(".finding:visible")).to_have_count(1)
    page.get_by_role("button", name="Open all").click()
    expect(page.locator(".finding[open]")).to_have_count(1)


def test_the_map_answers_who_imports_whom(page: Page) -> None:
    """A package that is chosen, with the mouse or the keyboard, lights up with its imports; Escape ends that."""
    drawn = page.locator("#map-0 .pane:visible svg")
    views = drawn.locator(".box", has_text="web.views")
    views.click()
    near = drawn.locator(".arrow.near")
    expect(near).not_to_have_count(0)
    expect(drawn.locator(".arrow.near.broken")).to_have_count(1)
    told = page.locator("#map-0 .pane:visible .told")
    expect(told).to_have_text(
        "shop.web.views imports shop.plugins.tax (1), shop.services.helpers (1). "
        "It is imported by shop.domain.prices (1), shop.web.admin (1)."
    )
    views.press("Escape")
    expect(near).to_have_count(0)
    expect(told).to_have_text("Choose a box to see its imports.")
    views.focus()
    page.keyboard.press("Enter")
    expect(views).to_have_attribute("aria-pressed", "true")
    expect(drawn.locator(".box.near", has_text="domain.prices")).to_have_count(1)


def test_the_map_has_levels_of_detail(page: Page) -> None:
    """From modules to packages and back, with the arrow keys alone."""
    levels = page.locator("#map-0 input[type=radio]")
    expect(levels.nth(1)).to_be_checked()
    expect(page.locator("#map-0 .pane:visible .box")).to_have_count(12)
    levels.nth(1).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#map-0 .pane:visible .box")).to_have_count(5)
    expect(page.locator("#map-0 .pane:visible .arrow.broken")).to_have_count(2)


def test_the_map_is_a_table_too(page: Page) -> None:
    """Who cannot see the drawing reads it."""
    pane = page.locator("#map-0 .pane:visible")
    pane.locator("summary").click()
    first = pane.locator("tbody tr").first
    expect(first).to_contain_text("breaks the contract")
    expect(first).to_contain_text("shop/domain/prices.py:18:5")


def test_the_trend(page: Page) -> None:
    """The findings of three reports are drawn, with their names and numbers."""
    expect(page.locator("#trend")).to_contain_text(
        "2 earlier reports, oldest first. Open findings: 5, 1 fewer than at the beginning."
    )
    expect(page.locator("#trend .dot.open")).to_have_count(3)
    page.locator("#trend summary").click()
    expect(page.locator("#trend tbody tr").first).to_contain_text("1-spring")
    expect(page.locator("#contract-layers .sparkline")).to_be_visible()


def test_what_is_accepted(page: Page) -> None:
    """Suppressions are shown with their reasons."""
    page.locator("#accepted summary").click()
    expect(page.locator("#accepted")).to_contain_text("the preview has no order yet; see docs/plugins.md")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    """The first stop skips to the contracts; from there on, contracts and findings open with Enter."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the contracts")).to_be_focused()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))
    assert {"contract-layers", "findings", "map-0"} <= seen
    page.locator("#contract-layers summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#contract-layers .body")).to_be_visible()


def test_reading_needs_no_script(browser: Browser, shop: Path) -> None:
    """Without JavaScript contracts and findings open and the map has its levels; tools that would not work are gone."""
    with visited(browser, shop / "page.html", scripts=False) as visit:
        page = visit.page
        page.locator("#contract-layers summary .badge").click()
        expect(page.locator("#contract-layers .body")).to_be_visible()
        finding = page.locator("#findings-one-way-to-plugins .finding")
        finding.locator("> summary").click()
        finding.locator(".chain summary").first.click()
        expect(finding.locator(".chain details[open]")).to_have_count(1)
        page.locator("#map-0 label").first.click()
        expect(page.locator("#map-0 .pane:visible .box")).to_have_count(5)
        expect(page.locator(".needs-script:visible")).to_have_count(0)


CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = rgb(getComputedStyle(node).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
    if (["SCRIPT", "STYLE"].includes(node.tagName) || node.ownerSVGElement) continue;
    if (!node.checkVisibility() || node.closest("button:disabled")) continue;
    const both = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (both[0] + 0.05) / (both[1] + 0.05);
    if (ratio < 4.5) poor.add(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return [...poor];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(browser: Browser, shop: Path, scheme: str) -> None:
    """The page follows the reader's system, and every text has the contrast that WCAG asks for."""
    with visited(browser, shop / "page.html", scheme=scheme) as visit:
        visit.page.get_by_role("button", name="Open all").click()
        brightness = visit.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
        )
        assert (brightness > 600) == (scheme == "light")
        assert visit.page.evaluate(CONTRAST) == []


def test_light_and_dark_by_choice(page: Page) -> None:
    """A button changes between light and dark."""
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    assert before != after
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_paper_shows_what_was_folded(browser: Browser, shop: Path, *, scripts: bool) -> None:
    """In print every finding and every step of evidence is open, and what can only be clicked is gone."""
    with visited(browser, shop / "page.html", scripts=scripts) as visit:
        visit.page.emulate_media(media="print")
        for code in visit.page.locator(".finding pre").all():
            expect(code).to_be_visible()
        for tool in visit.page.locator("nav, .tools, .stepper").all():
            expect(tool).to_be_hidden()
        assert len(visit.page.pdf()) > 10_000


@pytest.mark.parametrize("width", [320, 800])
def test_small_screens(browser: Browser, shop: Path, width: int) -> None:
    """On a telephone nothing sticks out: what is wider has a scroll bar of its own."""
    with visited(browser, shop / "page.html", width=width) as visit:
        visit.page.get_by_role("button", name="Open all").click()
        assert visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


SPILLED = """
() => {
  const spilled = (box) => {
    const frame = box.querySelector("rect").getBBox();
    return [...box.querySelectorAll("text")].some((text) => {
      const words = text.getBBox();
      return words.x < frame.x || words.x + words.width > frame.x + frame.width;
    });
  };
  const shown = [...document.querySelectorAll(".pane")].filter((pane) => pane.checkVisibility());
  return shown.flatMap((pane) => [...pane.querySelectorAll(".box")].filter(spilled).map((box) => box.dataset.name));
}
"""

LAYERED = """\
[[contract]]
id = "layers"
kind = "import-layers"
layers = {layers}
because = "Each package can be used without those above it."
"""


def test_a_map_of_forty_packages(browser: Browser, tmp_path: Path) -> None:
    """Many packages with long names: drawn by package, each name within its box, the one import that closes a cycle marked."""
    names = [f"package_{number:02}_{'with_a_long_name' if number % 7 == 0 else 'x'}" for number in range(40)]
    files = {"buttress.toml": LAYERED.format(layers=[f"app.{name}.**" for name in names[:3]])}
    for number, name in enumerate(names):
        below = [other for step in (1, 3) for other in names[number + step : number + step + 1]]
        files[f"app/{name}/__init__.py"] = ""
        files[f"app/{name}/core.py"] = "".join(f"from app.{other} import core as core_{at}\n" for at, other in enumerate(below))
        files[f"app/{name}/more.py"] = f"from app.{name} import core\n"
    files[f"app/{names[30]}/back.py"] = f"from app.{names[20]} import core\n"
    folder = write_tree(tmp_path, files)
    assert buttress(folder, "check", "--format", "html", "--output-file", "page.html").code == 0
    with visited(browser, folder / "page.html") as visit:
        drawn = visit.page.locator("#map-all .pane:visible")
        expect(drawn.locator(".box")).to_have_count(40)
        expect(drawn.locator(".arrow.cycle")).to_have_count(1)
        assert visit.page.evaluate(SPILLED) == []
        assert visit.complaints == []


ATTACK = "<img src=x onerror=alert(1)>"


def test_names_of_a_project_are_never_run(browser: Browser, tmp_path: Path) -> None:
    """A project whose files, texts and comments are attacks is shown as it is, and nothing of it is run or loaded."""
    hostile = {
        "buttress.toml": CONFIGURATION.replace(
            "Only the runner validates, measures and wraps a plugin call.", f"</script>{ATTACK}"
        ).replace("docs/plugins.md", "javascript:alert(2)"),
        "pyproject.toml": f'[project]\nname = "</title>{ATTACK}"\n',
        f"shop/web/{ATTACK}.py": "from shop.plugins.tax import TaxPlugin\n\nTaxPlugin().run('</pre><script>alert(3)</script>')\n",
        "shop/plugins/gift.py": FILES["shop/plugins/gift.py"].replace("the preview", f"{ATTACK} the preview"),
    }
    folder = write_tree(tmp_path, {**FILES, **hostile})
    assert buttress(folder, "check", "--format", "html", "--output-file", "page.html").code == 1
    with visited(browser, folder / "page.html") as visit:
        visit.page.get_by_role("button", name="Open all").click()
        visit.page.locator("#accepted summary").click()
        expect(visit.page.locator("img, iframe, object, body script ~ script")).to_have_count(0)
        expect(visit.page.get_by_role("heading", level=1)).to_contain_text(ATTACK)
        expect(visit.page.locator("#accepted")).to_contain_text(ATTACK)
        assert visit.page.locator(".finding", has_text=f"shop/web/{ATTACK}.py").count() == 1
        assert visit.requests == [(folder / "page.html").as_uri()]
        assert visit.complaints == []


def test_a_script_that_is_not_ours_does_not_run(browser: Browser, shop: Path, tmp_path: Path) -> None:
    """Even if somebody puts a script into the page, its policy keeps the browser from running it."""
    text = (shop / "page.html").read_text(encoding="utf-8")
    changed = tmp_path / "page.html"
    changed.write_text(text.replace("<main>", "<main><script>document.title = 'run'</script>"), encoding="utf-8")
    with visited(browser, changed) as visit:
        expect(visit.page).to_have_title("Corner Shop: architecture report")
        assert any("Content Security Policy" in complaint for complaint in visit.complaints)


def test_the_page_is_installed(distributions: Path) -> None:
    """Style and script of the page are in the wheel."""
    (wheel,) = distributions.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {f"buttress_scanner/report/html/page.{kind}" for kind in ("css", "js")} <= set(names)


def test_the_page_of_a_saved_report_is_the_same(shop: Path) -> None:
    """Whether a report was saved first or not, its page is the same, byte for byte."""
    assert buttress(shop, "check", "--output", "json=now.json", "--output", "html=one.html").code == 1
    assert buttress(shop, "report", "now.json", "--format", "html", "--output-file", "two.html").code == 0
    assert (shop / "one.html").read_bytes() == (shop / "two.html").read_bytes()
