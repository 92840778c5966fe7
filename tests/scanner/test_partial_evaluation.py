"""Large programs are evaluated as far as their contracts reach, and the report says so."""

from __future__ import annotations

import pytest

from buttress_scanner.program.program import SMALL_PROGRAM
from buttress_scanner.testing import check_files

CONFIGURATION = """
[[contract]]
id = "single-path"
kind = "choke-point"
protect = ["app.base:Plugin.run"]
only = ["app.runner"]
because = "Only the runner runs a plugin."

[[contract]]
id = "pure"
kind = "effect-purity"
zone = ["app.plan"]
forbid = ["clock"]
because = "Plans do not depend on the time."
"""
CORE = {
    "app/base.py": "class Plugin:\n    def run(self) -> None: ...\n",
    "app/runner.py": "from app.base import Plugin\n\n\ndef execute(plugin: Plugin) -> None:\n    plugin.run()\n",
    "app/sneaky.py": "from app.base import Plugin\n\n\ndef go(plugin: Plugin) -> None:\n    act = plugin.run\n    act()\n",
    "app/plan.py": "from app.a import first\n\n\ndef plan() -> float:\n    return first()\n",
    "app/a.py": "from app.b import second\n\n\ndef first() -> float:\n    return second()\n",
    "app/b.py": "from app.c import third\n\n\ndef second() -> float:\n    return third()\n",
    "app/c.py": "from app.d import fourth\n\n\ndef third() -> float:\n    return fourth()\n",
    "app/d.py": "from app.e import fifth\n\n\ndef fourth() -> float:\n    return fifth()\n",
    "app/e.py": "import time\n\n\ndef fifth() -> float:\n    return time.time()\n",
}
FOUND = [("app/plan.py", 5), ("app/sneaky.py", 6)]


@pytest.mark.parametrize("others", [0, SMALL_PROGRAM], ids=["small", "large"])
def test_finds_the_same_in_a_large_program(others: int) -> None:
    """Modules that no contract is about change nothing that is found, and a restricted evaluation is reported."""
    filler = {f"app/other_{n}.py": f"def other_{n}() -> int:\n    return {n}\n" for n in range(others)}
    report = check_files(CONFIGURATION, {**CORE, **filler})
    assert [(f.position.path, f.position.line) for f in report.findings] == FOUND
    assert (report.stats.evaluated is None) == (others == 0)
    assert others == 0 or 0 < (report.stats.evaluated or 0) < len(CORE)
