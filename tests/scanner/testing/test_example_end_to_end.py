"""A kind of another package, from its entry point to its page: configuration, check, suppressions and pytest together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCANNER = Path(__file__).parents[3] / "scanner"

KIND = '''\
"""A kind that only looks at the names of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from buttress_scanner.contracts.base import Contract, Ledger
from buttress_scanner.findings.model import Finding, Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.program import Program


class NoModule(Contract):
    """Forbids modules of a name."""

    kind_name: ClassVar[str] = "no-module"

    name: str

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Report each module of that name at its first line."""
        for module in sorted(program.modules):
            ledger.judge()
            if module.split(".")[-1] == self.name:
                position = Position(module.replace(".", "/") + ".py", 1)
                yield self.finding(position, module, f"{module} is a module named {self.name}", sink=module)
'''

PAGE = """\
# no-module

## Examples

```toml
[[contract]]
id = "no-legacy"
kind = "no-module"
name = "legacy"
because = "It was deleted twice."
```

### Fails: a module of that name

```py title="app/legacy.py"
X = 1  # error: [no-legacy]
```

### Lawful: another name

```py title="app/modern.py"
X = 1
```

### Lawful: suppressed

```py title="app/legacy.py"
X = 1  # buttress: allow[no-legacy] until=2026-01-01 -- the importer still reads it
```

### Fails: a suppression out of date

```py title="app/legacy.py"
X = 1  # buttress: allow[no-legacy] until=2025-12-31 -- the importer still reads it  # error: [no-legacy], [suppression]
```

### Vacuous: no module at all

```toml
[[contract]]
id = "no-legacy"  # vacuous: [no-legacy]
kind = "no-module"
name = "legacy"
because = "It was deleted twice."
```

```txt title="app/notes.txt"
Nothing here.
```
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed package that offers a kind, and its page beside it."""
    metadata = tmp_path / "no_module-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: no-module\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[buttress.contracts]\nno-module = no_module:NoModule\n", encoding="utf-8")
    (tmp_path / "no_module.py").write_text(KIND, encoding="utf-8")
    (tmp_path / "no_module.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


def run(site: Path) -> str:
    """Run pytest over the page with the package installed."""
    path = os.pathsep.join((str(SCANNER), str(site)))
    environment = os.environ | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "buttress_scanner.testing_plugin",
        "no_module.md",
    ]
    return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False).stdout


def test_a_true_page_of_another_package_passes(site: Path) -> None:
    """The examples of an installed kind are run by the real check."""
    assert "5 passed" in run(site)


LIES = {
    "no mark": (
        "X = 1  # error: [no-legacy]\n",
        "X = 1\n",
        "unexpected: app/legacy.py:1: [no-legacy] app.legacy is a module named legacy",
    ),
    "mark too many": (
        '```py title="app/modern.py"\nX = 1',
        '```py title="app/modern.py"\nX = 1  # error: [no-legacy]',
        "missing: app/modern.py:1",
    ),
    "configuration": (
        'name = "legacy"\nbecause = "It was deleted twice."\n```\n\n### Fails',
        "nmae = 1\n```\n\n### Fails",
        "error: buttress.toml:",
    ),
}


@pytest.mark.parametrize(("true", "false", "difference"), LIES.values(), ids=LIES)
def test_a_page_that_lies_fails(site: Path, true: str, false: str, difference: str) -> None:
    """A change that makes the page untrue makes its test fail and say where."""
    assert true in PAGE
    (site / "no_module.md").write_text(PAGE.replace(true, false, 1), encoding="utf-8")
    shown = run(site)
    assert difference in shown
    assert "failed" in shown
