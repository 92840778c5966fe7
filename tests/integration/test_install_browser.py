"""The script that sets up a browser for tests: it installs one where it can, and never keeps anybody from testing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.house import ROOT, Outcome, run, write_tree

SCRIPT = ROOT / "scripts" / "install_browser.sh"
NEEDED = ("sh", "cat", "mktemp", "rm", "tail")
LOGGED = '#!/bin/sh\necho "$0 $*" >> "$CALLS"\n'


def outcome(tmp_path: Path, commands: dict[str, str]) -> tuple[Outcome, str]:
    """Run the script where only these commands exist; return how it ended, and what it called."""
    folder = write_tree(tmp_path / "bin", commands)
    for name in commands:
        (folder / name).chmod(0o755)
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    calls = tmp_path / "calls"
    calls.touch()
    done = run([folder / "sh", SCRIPT], tmp_path, {"PATH": str(folder), "CALLS": str(calls), "CHROMIUM": ""})
    return done, calls.read_text().replace(f"{folder}/", "")


def user(number: int) -> dict[str, str]:
    """A command `id` that says who one is."""
    return {"id": f"#!/bin/sh\necho {number}\n"}


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_a_browser_that_is_there_is_taken(tmp_path: Path, name: str) -> None:
    """Nothing is installed, nothing is said."""
    done, calls = outcome(tmp_path, {name: LOGGED, "apt-get": LOGGED, **user(0)})
    assert (done.code, done.output, calls) == (0, "", "")


def test_root_installs_the_package(tmp_path: Path) -> None:
    """Debian's package is fetched without questions."""
    done, calls = outcome(tmp_path, {"apt-get": LOGGED, **user(0)})
    assert (done.code, done.output) == (0, "installing Debian's package chromium\n")
    assert calls == "apt-get update\napt-get install --yes --no-install-recommends chromium fonts-dejavu-core\n"


def test_others_ask_sudo(tmp_path: Path) -> None:
    """Who may become root without a password does."""
    sudo = LOGGED + 'shift\nexec "$@"\n'
    done, calls = outcome(tmp_path, {"apt-get": LOGGED, "sudo": sudo, "true": "#!/bin/sh\n", **user(1000)})
    assert done.code == 0
    assert "sudo -n apt-get install --yes" in calls


CANNOT = {
    "no apt-get": (user(0), "this system has no apt-get"),
    "no root": ({"apt-get": LOGGED, **user(1000)}, "installing Debian's package chromium needs root"),
    "no root by sudo": ({"apt-get": LOGGED, "sudo": "#!/bin/sh\nexit 1\n", **user(1000)}, "needs root"),
    "no package": (
        {"apt-get": "#!/bin/sh\necho 'E: Unable to locate package chromium'\nexit 100\n", **user(0)},
        "apt-get could not install the package chromium",
    ),
}


@pytest.mark.parametrize(("commands", "words"), CANNOT.values(), ids=CANNOT)
def test_without_a_browser_it_says_so_and_ends_well(tmp_path: Path, commands: dict[str, str], words: str) -> None:
    """Who cannot install a browser can test everything else, and is told what is left out."""
    done, _ = outcome(tmp_path, commands)
    assert done.code == 0
    assert "no browser: " in done.output
    assert words in done.output
    assert "tests/integration/test_html_report.py are skipped" in done.output


def test_make_test_sets_it_up() -> None:
    """The tests are preceded by the script, and the file that it speaks of exists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = [line for line in makefile.splitlines() if line.startswith("test:")]
    assert "browser" in line.partition("##")[0].split()
    assert Path(ROOT / "tests/integration/test_html_report.py").is_file()
