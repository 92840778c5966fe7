"""``buttress show zones`` and ``show contracts``: what is stated, packs included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project

CONFIGURATION = """
extends = ["buttress:determinism"]

[packs."buttress:determinism"]
zone = ["app.core.**"]

[zones]
web = ["app.web.**", "app.api"]
gone = ["app.old.**"]

[[contract]]
id = "layers"
kind = "import-layers"
layers = ["@web", "app.core.**"]
because = "Down only."
source = "docs/layers.md"
exempt = { path = "app/web/old.py", reason = "it goes next month" }
"""


def _set_up(project: Project) -> None:
    project.write("buttress.toml", CONFIGURATION)
    for path in ("app/web/views.py", "app/web/old.py", "app/api.py", "app/core/sums.py"):
        project.write(path)


def test_zones(project: Project) -> None:
    """Each zone with its patterns and the modules that fit; one without modules makes the exit code 1."""
    _set_up(project)
    run = project.run("show", "zones")
    assert run.returncode == 1
    assert "@web: 3 modules of app.web.**, app.api\n  app.api\n  app.web.old\n  app.web.views\n" in run.stdout
    assert "@gone: 0 modules of app.old.**" in run.stdout
    assert "@deterministic: 1 module of app.core.**\n  app.core.sums" in run.stdout


def test_zones_as_json(project: Project) -> None:
    """The same for programs."""
    _set_up(project)
    content = json.loads(project.run("show", "zones", "--format", "json").stdout)
    assert {zone["name"]: zone["modules"] for zone in content["zones"]}["web"] == ["app.api", "app.web.old", "app.web.views"]


def test_contracts(project: Project) -> None:
    """Own contracts and those of packs, with place, fields as filled in, and exemptions."""
    _set_up(project)
    run = project.run("show", "contracts")
    assert run.returncode == 0
    assert 'layers  import-layers  buttress.toml:11\n  Down only.\n  layers = [["@web"], ["app.core.**"]]\n' in run.stdout
    assert "  exempt: app/web/old.py (it goes next month)\n" in run.stdout
    assert "determinism  effect-purity  buttress.toml:2\n" in run.stdout


def test_contracts_as_json(project: Project) -> None:
    """The same for programs."""
    _set_up(project)
    content = json.loads(project.run("show", "contracts", "--format", "json").stdout)
    by_id = {contract["id"]: contract for contract in content["contracts"]}
    assert by_id["layers"]["source"] == "docs/layers.md"
    assert by_id["layers"]["exempt"] == [{"path": "app/web/old.py", "reason": "it goes next month"}]
    assert by_id["determinism"]["fields"]["forbid"] == ["clock", "random", "env", "unordered"]


def test_a_broken_configuration(project: Project) -> None:
    """What is wrong is said."""
    project.write("buttress.toml", "[[contract]]\nid = 1\n")
    for what in ("zones", "contracts"):
        run = project.run("show", what)
        assert run.returncode == 2
        assert "buttress.toml:" in run.stderr
