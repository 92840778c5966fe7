"""Keys of findings and normal forms of statements: what may change, and what must not."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.findings._normal import File, header
from buttress_scanner.findings.keys import Keys
from buttress_scanner.testing import check_files, parse_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_scanner.findings.keys import Key

SCANNER = Path(__file__).parents[3] / "scanner/buttress_scanner"
PAGES = sorted((SCANNER / "contracts").glob("*.md"))
SOURCES = sorted((SCANNER / "program").glob("*.py"))


def keys(configuration: str, files: Mapping[str, str]) -> Counter[Key]:
    """The keys of all findings in a program."""
    of = Keys({path: text.encode() for path, text in {**files, "buttress.toml": configuration}.items()}.get).of
    return Counter(of(finding) for finding in check_files(configuration, files).findings)


def rewritten(path: str, text: str) -> str:
    """The same code, written by a formatter that knows no mercy: other lines, no comments."""
    if not path.endswith((".py", ".pyi")):
        return text
    return f"# moved\n\n{ast.unparse(ast.parse(text))}\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_kind_lets_layout_into_a_key(page: Path) -> None:
    """Every failing example of every kind has the same keys when all of its code is written anew."""
    compared = 0
    for example in parse_page(page.read_text(encoding="utf-8"), page.name).examples:
        files = {file.path: file.text for file in example.files}
        if example.is_lawful or example.config is None or not all(map(_parses, files.items())):
            continue
        changed = {path: rewritten(path, text) for path, text in files.items()}
        assert keys(example.config.text, changed) == keys(example.config.text, files), example.name
        compared += 1
    assert compared


def _parses(file: tuple[str, str]) -> bool:
    path, text = file
    try:
        rewritten(path, text)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_statement_has_one_normal_form(path: Path) -> None:
    """Every statement of real code reads the same after it was written anew, and hardly any two read alike."""
    text = path.read_text(encoding="utf-8")
    before, after = (
        [header(each.node) for each in File("a.py", source.encode()).statements] for source in (text, rewritten("a.py", text))
    )
    assert before == after
    assert len(set(before)) > len(before) / 2


FORM = """\
@marked(one, "two")
async def f(a: int, /, b=1.5, *rest, c: str = 'x', **more) -> None:
    from a.b import (
        z as y,
        c,
    )
    x = [i ** 2 for i in range(10) if i] + [*rest]
    print(f"{x!r:>{width}}", b"bytes", 1j, ..., -1, None, sep='')
    try:
        raise ValueError from error
    except* (KeyError, OSError) as group:
        lambda q: (yield q)
    match x:
        case {"k": [1, *_], **left} if left:
            y: int = (w := 3)
"""


def test_the_normal_form_is_a_promise() -> None:
    """Baselines hold digests of it: whoever changes it gives the file another version."""
    forms = "\n".join(header(each.node) for each in File("a.py", FORM.encode()).statements)
    assert hashlib.sha256(forms.encode()).hexdigest()[:16] == "f55b0d8614341ff3"


DIFFERENT = [
    ("a.b()", "a.c()"),
    ("x = a()", "y = a()"),
    ("x = a(1)", "x = a('1')"),
    ("x = a(b, c)", "x = a(c, b)"),
    ("x = a(b=c)", "x = a(b, c)"),
    ("x = a or b and c", "x = (a or b) and c"),
    ("from a import b", "from .a import b"),
    ("from a import b", "from a import b as c"),
    ("if a(): b()", "while a(): b()"),
    ("async def f(): pass", "def f(): pass"),
    ("x = [a()]", "x = (a(),)"),
    ("del a[b]", "a[b]"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=[one for one, _ in DIFFERENT])
def test_another_statement_has_another_form(one: str, other: str) -> None:
    """What means something else reads otherwise."""
    forms = {header(File("a.py", text.encode()).statements[0].node) for text in (one, other)}
    assert len(forms) == 2


def test_depth_is_no_limit() -> None:
    """A statement of many added strings is deep, not wrong."""
    (statement,) = File("a.py", ("x = " + " + ".join(["'a'"] * 900)).encode()).statements
    assert header(statement.node).count("'a'") == 900
