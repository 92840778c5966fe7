"""The call graph in the DOT language (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence
from buttress_scanner.report._text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.program.query_graph import Edge, Graph, Node

_SHAPES = {"module": "folder", "class": "component", "function": "box", "lambda": "box", "library": "ellipse"}


def graph(answer: Graph) -> str:
    """Render the call graph: modules are clusters, library functions ellipses, merely possible edges dashed, imports dotted."""
    lines = ["digraph buttress {", "  rankdir=LR;", "  node [fontname=Helvetica, fontsize=10];", "  edge [fontsize=8];"]
    own = sorted((_module(node), node) for node in answer.nodes if node.kind != "library")
    for number, (module, nodes) in enumerate(groupby(own, key=lambda pair: pair[0])):
        lines += _cluster(number, module, (node for _, node in nodes))
    lines += [f"  {_node(node, node.name)}" for node in answer.nodes if node.kind == "library"]
    lines += [f"  {_edge(edge)}" for edge in answer.edges]
    undecided = answer.coverage.undecided
    if undecided:
        lines.append(f"  label={_quoted(f'{len(undecided)} of {answer.coverage.calls} calls undecided')};")
    return "\n".join([*lines, "}"]) + "\n"


def _module(node: Node) -> str:
    return node.name.partition(":")[0]


def _cluster(number: int, module: str, nodes: Iterable[Node]) -> Iterator[str]:
    yield f"  subgraph cluster_{number} {{"
    yield f"    label={_quoted(module)};"
    for node in nodes:
        yield f"    {_node(node, node.name.partition(':')[2] or '(import)')}"
    yield "  }"


def _node(node: Node, label: str) -> str:
    effects = "in no catalogue" if node.effects is None else ", ".join(node.effects)
    text = f"{label}\n[{effects}]" if effects else label
    style = ", color=red" if node.effects else ""
    return f"{_quoted(node.name)} [shape={_SHAPES[node.kind]}, label={_quoted(text)}{style}];"


def _edge(edge: Edge) -> str:
    style = "dashed" if edge.confidence is Confidence.POSSIBLE else "dotted" if edge.how == ("import",) else "solid"
    label = ", ".join(edge.how)
    return f"{_quoted(edge.source)} -> {_quoted(edge.target)} [label={_quoted(label)}, style={style}];"


def _quoted(text: str) -> str:
    r"""Quote an identifier: quotes and backslashes escaped, lines as ``\n``, and nothing that a terminal could misread."""
    safe = "\n".join(visible(line) for line in text.split("\n"))
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
