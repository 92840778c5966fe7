"""Answers about the program as JSON, version 1. Their form is a promise: `docs/reference/show.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.findings.model import Position, Step
    from buttress_scanner.findings.report_model import Problem
    from buttress_scanner.program.queries import Coverage, EffectsOf, Inventory, Way, Why
    from buttress_scanner.program.query_callers import Caller, Callers
    from buttress_scanner.program.query_graph import Edge, Graph, Node
    from buttress_scanner.program.query_links import OpenCall

VERSION = 1
"""Value of the document's ``version``."""

_Object = dict[str, object]


def why(answer: Why, errors: Sequence[Problem]) -> str:
    """Render why an element has an effect."""
    body = {
        "symbols": list(answer.symbols),
        "effect": answer.effect,
        "reaches": answer.way is not None,
        "way": _way(answer.way) if answer.way is not None else None,
        "instead": list(answer.instead),
    }
    return _document("why", [answer.asked], body, answer.coverage, errors)


def effects(answer: Inventory, errors: Sequence[Problem]) -> str:
    """Render the effects of elements."""
    body: _Object = {"entries": [_entry(each) for each in answer.entries]}
    return _document("effects", answer.asked, body, answer.coverage, errors)


def callers(answer: Callers, errors: Sequence[Problem]) -> str:
    """Render who runs an element."""
    body = {
        "symbols": list(answer.symbols),
        "callers": [_caller(each) for each in answer.callers],
        "unknown_calls": answer.anything,
    }
    return _document("callers", [answer.asked], body, answer.coverage, errors)


def graph(answer: Graph, errors: Sequence[Problem]) -> str:
    """Render the call graph."""
    body: _Object = {"nodes": [_node(each) for each in answer.nodes], "edges": [_edge(each) for each in answer.edges]}
    return _document("graph", answer.asked, body, answer.coverage, errors)


def _document(question: str, asked: Sequence[str], body: _Object, coverage: Coverage, errors: Sequence[Problem]) -> str:
    """Close a document, in ASCII, so that no terminal or pipe can garble it."""
    head: _Object = {"version": VERSION, "question": question, "asked": list(asked)}
    tail: _Object = {
        "undecided": [_open(each) for each in coverage.undecided],
        "errors": [_problem(each) for each in errors],
        "stats": _stats(coverage),
    }
    return json.dumps(head | body | tail, indent=2) + "\n"


def _stats(coverage: Coverage) -> _Object:
    figures: _Object = {"bodies": coverage.bodies, "calls": coverage.calls, "modules": coverage.modules}
    return figures if coverage.evaluated is None else figures | {"evaluated": coverage.evaluated}


def _place(position: Position) -> _Object:
    return {
        "path": position.path,
        "line": position.line,
        "column": position.column,
        "end_line": position.end_line or position.line,
        "end_column": position.end_column or position.column,
    }


def _step(step: Step) -> _Object:
    return _place(step.position) | {"symbol": step.symbol, "text": step.text}


def _way(way: Way) -> _Object:
    return {
        "effect": way.effect,
        "own": way.own,
        "confidence": way.confidence.value,
        "steps": [_step(step) for step in way.steps],
        "deed": {"path": way.path, "effects": list(way.effects), "catalogue": way.catalogue or None},
        "context": _step(way.context) if way.context is not None else None,
    }


def _entry(entry: EffectsOf) -> _Object:
    head: _Object = {"symbol": entry.symbol, "kind": entry.kind}
    return head | _place(entry.position) | {"effects": [_way(way) for way in entry.ways]}


def _caller(caller: Caller) -> _Object:
    head: _Object = {"level": caller.level, "symbol": caller.symbol, "runs": list(caller.runs)}
    how = {"how": caller.link.how, "via": caller.link.via, "confidence": caller.link.confidence.value}
    return head | how | _place(caller.position) | {"repeated": caller.repeated}


def _node(node: Node) -> _Object:
    place = _place(node.position) if node.position is not None else None
    return {
        "name": node.name,
        "kind": node.kind,
        "place": place,
        "effects": list(node.effects) if node.effects is not None else None,
    }


def _edge(edge: Edge) -> _Object:
    ends: _Object = {"source": edge.source, "target": edge.target, "how": list(edge.how), "confidence": edge.confidence.value}
    return ends | _place(edge.position) | {"sites": edge.sites}


def _open(call: OpenCall) -> _Object:
    return _place(call.position) | {"symbol": call.symbol, "distance": call.distance, "reasons": list(call.reasons)}


def _problem(problem: Problem) -> _Object:
    place: _Object = {"path": problem.path, "line": problem.line, "column": problem.column}
    return place | {"message": problem.message, "hint": problem.hint}
