"""The map of a program: every module, every import between them, and the layers of contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from buttress_scanner.api import load_config
from buttress_scanner.findings.map_model import Layering, ModuleMap, Part
from buttress_scanner.module_map import Layered, draw
from buttress_scanner.source.tree import GitTree, Overlay, WorkTree
from tests.integration.house import commit_all, init_repository, write_tree

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
exclude = ["/app/generated/"]

[zones]
core = ["app.core.**"]

[[contract]]
id = "layers"
kind = "import-layers"
layers = ["app.web.**", ["app.left", "app.right"], "@core"]
because = "x"

[[contract]]
id = "pure"
kind = "effect-purity"
zone = "@core"
forbid = ["clock"]
because = "x"
"""

FILES = {
    "buttress.toml": CONFIGURATION,
    "app/__init__.py": "",
    "app/web/__init__.py": "from .. import core\n",
    "app/web/page.py": "import app.left, json\nfrom app.right import thing as other\n",
    "app/left.py": "import importlib\n\n\ndef load():\n    return importlib.import_module('app.core.db')\n",
    "app/right.py": "from typing import TYPE_CHECKING\n\nthing = 1\nif TYPE_CHECKING:\n    from app.core import db\n",
    "app/core/__init__.py": "",
    "app/core/db.py": "from app.core import db\n",
    "app/broken.py": "def (\n",
    "app/generated/code.py": "import app.web\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A program with imports of all sorts."""
    return write_tree(tmp_path / "project", FILES)


def pairs(found: ModuleMap) -> list[tuple[str, str, bool]]:
    """Return who imports whom, and whether only type checkers see it."""
    return [(link.importer, link.imported, link.typing) for link in found.links]


def test_modules_and_imports(project: Path) -> None:
    """Statements of every form, calls with known names, and imports for type checkers; no library, no module itself."""
    found = draw(load_config(project))
    assert found.modules == ("app", "app.core", "app.core.db", "app.left", "app.right", "app.web", "app.web.page")
    assert pairs(found) == [
        ("app.left", "app.core.db", False),
        ("app.right", "app.core.db", True),
        ("app.web", "app.core", False),
        ("app.web.page", "app.left", False),
        ("app.web.page", "app.right", False),
    ]


def test_links_stand_where_the_import_does(project: Path) -> None:
    """A link has the place of its first import."""
    place = draw(load_config(project)).links[1].position
    assert (place.path, place.line, place.column) == ("app/right.py", 5, 5)


def test_an_import_that_happens_outweighs_one_for_type_checkers(project: Path) -> None:
    """A module that is imported both ways is imported."""
    write_tree(project, {"app/right.py": FILES["app/right.py"] + "\n\ndef late():\n    import app.core.db\n"})
    assert ("app.right", "app.core.db", False) in pairs(draw(load_config(project)))


def test_layers_of_contracts(project: Path) -> None:
    """Each contract that speaks of layers says which modules stand where; others have no part in it."""
    assert draw(load_config(project)).layerings == (
        Layering(
            "layers",
            (
                (Part("app.web.**", ("app.web", "app.web.page")),),
                (Part("app.left", ("app.left",)), Part("app.right", ("app.right",))),
                (Part("@core", ("app.core", "app.core.db")),),
            ),
        ),
    )


def test_independent_modules_stand_side_by_side(project: Path) -> None:
    """Another kind that speaks of imports is drawn as one layer, a part for each unit."""
    contract = (
        '[[contract]]\nid = "apart"\nkind = "independent-modules"\nmodules = ["app.left", "app.right", "@core"]\nbecause = "x"\n'
    )
    write_tree(project, {"buttress.toml": CONFIGURATION + contract})
    assert draw(load_config(project)).layerings[1] == Layering(
        "apart",
        (
            (
                Part("@core", ("app.core", "app.core.db")),
                Part("app.left", ("app.left",)),
                Part("app.right", ("app.right",)),
            ),
        ),
    )


def test_any_kind_that_offers_layers_is_drawn(project: Path) -> None:
    """What counts is that a contract can say its layers, not what kind it is."""
    layers, pure = load_config(project).configuration.contract
    assert isinstance(layers, Layered)
    assert not isinstance(pure, Layered)


def test_the_map_of_any_tree(project: Path) -> None:
    """A map can be drawn of a revision, or of files that are not on disk."""
    init_repository(project)
    assert commit_all(project).code == 0
    (project / "app/web/page.py").unlink()
    loaded = load_config(project)
    assert "app.web.page" not in draw(loaded).modules
    assert "app.web.page" in draw(loaded, GitTree.of_revision(project, "HEAD")).modules
    changed = Overlay(WorkTree(project), {"app/left.py": b"import app.right\n"})
    assert ("app.left", "app.right", False) in pairs(draw(loaded, changed))
