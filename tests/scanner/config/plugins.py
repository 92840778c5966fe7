"""Write packages with entry points, as another distribution would install them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KIND = '''
from buttress_scanner.contracts.base import Contract, Selectors, Strings
from buttress_scanner.findings.model import Position


class NoModule(Contract):
    """Forbid modules by name."""

    kind_name = "no-module"
    forbid: Strings
    zone: Selectors = ()

    def check(self, program, ledger):
        for name in sorted(program.modules):
            ledger.judge()
            if name in self.forbid:
                path = name.replace(".", "/") + ".py"
                yield self.finding(Position(path, 1), name, f"the module {name} exists", sink=name)
        for name in self.forbid:
            if name == "missing":
                ledger.is_vacuous("there is no module 'missing'")
            if name == "crash":
                raise TypeError("a bug")
            if name == "interrupt":
                raise KeyboardInterrupt
'''

ENTRY_POINTS = """
[buttress.contracts]
no-module = guard_kinds:NoModule
broken-kind = guard_no_such_module:Kind
odd-kind = guard_kinds:Position
misnamed-kind = guard_kinds:NoModule

[buttress.packs]
guard:house = guard_packs:house
guard:gone = guard_packs:gone
"""

PACK = """
[parameters.unwanted]
description = "modules that must not exist"

[parameters.extra]
description = "one more"
optional = true

[zones]
house = ["app.**"]
more = ["${extra}"]

[[contract]]
id = "house-rule"
kind = "no-module"
forbid = ["fixed", "${unwanted}"]
zone = "@house"
because = "Not in this house: ${unwanted}."

[[contract]]
id = "house-extra"
kind = "no-module"
forbid = "${extra}"
because = "Only on demand."
"""


def install(site: Path) -> Path:
    """Install a package with contract kinds and packs into a folder of packages."""
    metadata = site / "guard_kinds-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: guard-kinds\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "guard_kinds.py").write_text(KIND)
    (site / "guard_packs").mkdir()
    (site / "guard_packs/__init__.py").write_text("")
    (site / "guard_packs/house.toml").write_text(PACK)
    return site
