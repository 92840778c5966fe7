"""Print PyCG's call graphs of all cases below a folder as JSON: by case the graph, or the error that ended it.

PyCG runs straight from its source distribution: it needs no other package, and its built one cannot be imported where names of
files are case-sensitive. It changes Python's import machinery, therefore it gets a process of its own.

Usage: peer.py SOURCE SNIPPETS
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path


def main(source: str, snippets: str) -> int:
    """Run PyCG on every case as its own tests do: `main.py` is the entry point, the case's folder the package."""
    sys.path.insert(0, source)
    import_module("importlib.util")  # PyCG uses it, and leaves it to others to import it
    generator = import_module("pycg.pycg").CallGraphGenerator
    graphs: dict[str, object] = {}
    for truth in sorted(Path(snippets).rglob("callgraph.json")):
        folder = truth.parent
        name = folder.relative_to(snippets).as_posix()
        try:
            graph = generator([str(folder / "main.py")], str(folder), -1, "call-graph")
            graph.analyze()
            graphs[name] = {caller: sorted(callees) for caller, callees in graph.output().items()}
        except Exception as error:  # noqa: BLE001 - a case that PyCG cannot do is no reason to leave out the others
            graphs[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(graphs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
