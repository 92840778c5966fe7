"""For each effect a function that has it: what `buttress sabotage` puts into a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts.breaking import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

_CALLS = {
    "clock": ("time", "time.time()"),
    "random": ("random", "random.random()"),
    "io": ("builtins", 'builtins.open("sabotage")'),
    "io.file": ("builtins", 'builtins.open("sabotage")'),
    "io.network": ("socket", 'socket.create_connection(("localhost", 1))'),
    "io.process": ("subprocess", 'subprocess.run(["true"])'),
    "io.console": ("builtins", 'builtins.print("sabotage")'),
    "io.database": ("sqlite3", 'sqlite3.connect("sabotage")'),
    "thread": ("threading", "threading.Thread(target=int).start()"),
    "env": ("os", 'os.environ["SABOTAGE"]'),
    "log": ("logging", 'logging.getLogger("sabotage").warning("sabotage")'),
    "unordered": ("builtins", "[each for each in {1, 2}]"),
}
"""A module to import, and an expression that has the effect."""


def _function(effect: str, module: str, expression: str) -> str:
    name = f"_sabotaged_{effect.replace('.', '_').replace('-', '_')}"
    return f"def {name}():\n    import {module}\n\n    return {expression}  {HERE}\n"


EXAMPLES: Mapping[str, str] = {
    **{effect: _function(effect, *call) for effect, call in _CALLS.items()},
    "async": f"async def _sabotaged_async():  {HERE}\n    return None\n",
    "global-state": f"_SABOTAGED = []\n\n\ndef _sabotaged_state():\n    _SABOTAGED.append(1)  {HERE}\n",
}
"""Code by effect, with a mark at the line at which it must be reported."""
