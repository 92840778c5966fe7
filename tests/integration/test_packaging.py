"""The distributions hold what they should, and every way of installing gives a working command."""

from __future__ import annotations

import sys
import tarfile
import tomllib
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import CLEAN_PROJECT, ROOT, VIOLATION, must, run, tracked_files, write_tree

if TYPE_CHECKING:
    from pathlib import Path

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PACKAGES = ("scanner/buttress_scanner/", "runtime/buttress_runtime/")


def wheel_names(distributions: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_both_packages_and_nothing_else(distributions: Path) -> None:
    """Every file of the two packages is in the wheel, data and pages included; nothing besides it but the metadata."""
    expected = {name.split("/", 1)[1] for name in tracked_files() if name.startswith(PACKAGES)}
    found = {name for name in wheel_names(distributions) if f"buttress-{VERSION}.dist-info/" not in name}
    assert found == expected


@pytest.mark.parametrize(
    "name",
    [
        "buttress_scanner/py.typed",
        "buttress_runtime/py.typed",
        "buttress_scanner/contracts/choke_point.md",
        f"buttress-{VERSION}.dist-info/licenses/LICENSE",
        f"buttress-{VERSION}.dist-info/entry_points.txt",
    ],
)
def test_wheel_holds_what_is_easily_forgotten(distributions: Path, name: str) -> None:
    """Markers, pages and the licence travel with the code."""
    assert name in wheel_names(distributions)


def test_source_distribution_can_be_tested(distributions: Path) -> None:
    """Whoever packages the source finds the tests, the documentation and the pinned tools in it."""
    (archive,) = distributions.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.removeprefix(f"buttress-{VERSION}/") for name in opened.getnames()}
    wanted = {name for name in tracked_files() if name.startswith(("scanner/", "runtime/", "tests/", "docs/", "requirements/"))}
    assert wanted | {"pyproject.toml", "README.md", "LICENSE", "Makefile", "CHANGELOG.md"} <= names


def test_pages_of_shipped_kinds_exist() -> None:
    """Every kind that the metadata announces is two neighbouring files in the wheel."""
    announced = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["buttress.contracts"]
    modules = {target.split(":")[0].removeprefix("buttress_scanner.contracts.") for target in announced.values()}
    folder = ROOT / "scanner" / "buttress_scanner" / "contracts"
    missing = {
        f"{module}{suffix}" for module in modules for suffix in (".py", ".md") if not (folder / f"{module}{suffix}").is_file()
    }
    assert missing == set()


@pytest.mark.parametrize("way", ["wheel", "folder", "editable"])
def test_installed_command_works(way: str, distributions: Path, checkout: Path, constraints: Path, tmp_path: Path) -> None:
    """In an environment with nothing else in it, the command knows its version, passes clean code and blocks a violation."""
    (wheel,) = distributions.glob("*.whl")
    targets: dict[str, list[str | Path]] = {"wheel": [wheel], "folder": [checkout], "editable": ["--editable", checkout]}
    must([sys.executable, "-m", "venv", tmp_path / "venv"], tmp_path)
    pins = {"PIP_CONSTRAINT": str(constraints), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    must([tmp_path / "venv/bin/python", "-m", "pip", "install", "--quiet", *targets[way]], tmp_path, pins)
    buttress = tmp_path / "venv/bin/buttress"
    assert must([buttress, "--version"], tmp_path).split() == ["buttress", VERSION]
    assert must([tmp_path / "venv/bin/buttress-runtime", "--version"], tmp_path).split() == ["buttress-runtime", VERSION]

    project = write_tree(tmp_path / "project", CLEAN_PROJECT)
    clean = run([buttress, "check"], project)
    assert clean.code == 0, clean.output

    write_tree(project, {"app/api.py": VIOLATION})
    broken = run([buttress, "check", "--format", "concise"], project)
    assert broken.code == 1, broken.output
    assert "app/api.py:6" in broken.output
    assert "single-execution-path" in broken.output


def test_extra_of_the_runtime_is_enough(distributions: Path, constraints: Path, tmp_path: Path) -> None:
    """With the extra, and nothing else, every module of the runtime can be imported."""
    (wheel,) = distributions.glob("*.whl")
    python = tmp_path / "venv/bin/python"
    must([sys.executable, "-m", "venv", tmp_path / "venv"], tmp_path)
    must([python, "-m", "pip", "install", "--quiet", f"{wheel}[runtime]"], tmp_path, {"PIP_CONSTRAINT": str(constraints)})
    modules = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in wheel_names(distributions)
        if name.startswith("buttress_runtime/") and name.endswith(".py")
    )
    must([python, "-c", "".join(f"import {module}\n" for module in modules)], tmp_path)
    assert "buttress_runtime.planning" in modules
