"""Kinds about imports in large programs: statements are judged without evaluating anything, names at run time are followed."""

from __future__ import annotations

import pytest

from buttress_scanner.program.program import SMALL_PROGRAM
from buttress_scanner.testing import check_files

KINDS = {
    "import-layers": 'layers = ["app.web.**", "app.core.**"]',
    "forbidden-imports": 'modules = ["app.core.**"]\nforbidden = ["app.web"]',
    "independent-modules": 'modules = ["app.core", "app.web"]',
    "protected-modules": 'modules = ["app.web"]\nonly-imported-by = []',
    "acyclic": 'modules = ["app.**"]',
}
WRITTEN = {
    "app/web/views.py": "",
    "app/core/rows.py": '"""Once used import_module."""\n\n\ndef late():\n    from app.web import views\n\n    return views\n',
}
NAMED = {
    "app/web/views.py": "",
    "app/loading.py": "from importlib import import_module\n\n\ndef load(name: str):\n    return import_module(name)\n",
    "app/core/rows.py": 'from app.loading import load\n\n\ndef late():\n    return load("app.web.views")\n',
}
FILLER = {f"other/m_{n}.py": f"VALUE = {n}\n" for n in range(SMALL_PROGRAM)}


def found(kind: str, files: dict[str, str]) -> tuple[list[tuple[str, int]], int | None]:
    """Where a contract of a kind reports something in a large program, and how many modules were evaluated."""
    configuration = f'[[contract]]\nid = "it"\nkind = "{kind}"\nbecause = "One way."\n{KINDS[kind]}\n'
    report = check_files(configuration, {**files, **FILLER})
    assert not report.errors
    return [(f.position.path, f.position.line) for f in report.findings], report.stats.evaluated


def closing(kind: str, files: dict[str, str]) -> dict[str, str]:
    """The files, with the way back that makes a circle of the import, where circles are sought."""
    return {**files, "app/web/views.py": "import app.core.rows\n"} if kind == "acyclic" else files


@pytest.mark.parametrize("kind", KINDS)
def test_written_imports_need_no_evaluation(kind: str) -> None:
    """Statements are read off the files, even if a text mentions an import function."""
    places, evaluated = found(kind, closing(kind, WRITTEN))
    assert places == [("app/core/rows.py", 5)]
    assert evaluated == 0


@pytest.mark.parametrize("kind", KINDS)
def test_named_imports_are_followed(kind: str) -> None:
    """A name that is handed to a helper is found where it is given, in a large program too."""
    places, evaluated = found(kind, closing(kind, NAMED))
    assert places == [("app/core/rows.py", 5)]
    assert evaluated
