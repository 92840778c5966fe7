"""``buttress show``: what the engine believes of the program: callers, effects, the call graph."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.asking import (
    Asked,
    Config,
    Form,
    Format,
    complete_effect,
    complete_symbol,
    hand_over,
    load,
    refuse,
)
from buttress_scanner.cli.terminal import wants_color

if TYPE_CHECKING:
    from buttress_scanner.program.query_graph import Graph


class GraphForm(StrEnum):
    """How a graph is written."""

    TEXT = "text"
    JSON = "json"
    DOT = "dot"


_Symbol = Annotated[
    str,
    typer.Argument(
        metavar="SYMBOL",
        help="module:Qualified.name of a function or class; a module for who imports it.",
        autocompletion=complete_symbol,
    ),
]
_Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAMES]...",
        help="Modules such as app.api or app.**, zones as @zone, or module:Qualified.name. Default: the whole program.",
        show_default=False,
        autocompletion=complete_symbol,
    ),
]
_Effects = Annotated[
    list[str] | None,
    typer.Option("--effect", help="Only this effect; may be repeated.", show_default=False, autocompletion=complete_effect),
]
_Transitive = Annotated[bool, typer.Option("--transitive", help="Show the callers of callers too, as a tree.")]
_Depth = Annotated[
    int | None, typer.Option(min=1, help="How many calls to go back with --transitive. Default: all.", show_default=False)
]
_Overrides = Annotated[bool, typer.Option("--overrides", help="Count overrides of the method in subclasses as the method.")]
_GraphFormat = Annotated[
    GraphForm, typer.Option("--format", help="text: for people; json: for programs; dot: for Graphviz and its relatives.")
]
_Within = Annotated[bool, typer.Option("--within", help="Only edges whose two ends are among NAMES.")]
_Modules = Annotated[bool, typer.Option("--modules", help="Show modules in place of their elements.")]
_NoLibraries = Annotated[bool, typer.Option("--no-libraries", help="Leave out functions outside of the program.")]


def callers(
    symbol: _Symbol,
    transitive: _Transitive = False,
    depth: _Depth = None,
    overrides: _Overrides = False,
    config: Config = None,
    output_format: Format = Form.TEXT,
) -> None:
    """Show who runs an element: where, how, and how surely.

    Also the places that may run it and of which nothing is known.
    """
    from buttress_scanner.program import query_callers
    from buttress_scanner.program.query_names import QuestionError
    from buttress_scanner.report import answers_json
    from buttress_scanner.report.answers import Answers

    asked = load(config)
    try:
        answer = query_callers.callers(asked.program, symbol, depth=depth or (0 if transitive else 1), overrides=overrides)
    except QuestionError as error:
        raise refuse(error) from None
    if output_format is Form.JSON:
        _finish(asked, answers_json.callers(answer, asked.errors))
    _finish(asked, Answers(asked.read_source, color=wants_color()).callers(answer))


def effects(names: _Names = None, effect: _Effects = None, config: Config = None, output_format: Format = Form.TEXT) -> None:
    """Show the effects of functions, classes and modules, own and inherited.

    Each comes with a shortest way to the deed. A module stands for its import and all its functions, a class for its construction
    and all its methods.
    """
    from buttress_scanner.program import queries
    from buttress_scanner.report import answers_json
    from buttress_scanner.report.answers import Answers

    asked = load(config)
    try:
        answer = queries.effects(asked.program, names or [], effect or [])
    except queries.QuestionError as error:
        raise refuse(error) from None
    if output_format is Form.JSON:
        _finish(asked, answers_json.effects(answer, asked.errors))
    _finish(asked, Answers(asked.read_source, color=wants_color()).effects(answer))


def graph(
    names: _Names = None,
    within: _Within = False,
    modules: _Modules = False,
    no_libraries: _NoLibraries = False,
    config: Config = None,
    output_format: _GraphFormat = GraphForm.TEXT,
) -> None:
    """Show the call graph, of the whole program or around some of it.

    Nodes are elements of the program and library functions, with their own effects. Edges tell how one runs the other.
    """
    from buttress_scanner.program import query_graph
    from buttress_scanner.program.query_names import QuestionError

    asked = load(config)
    choice = query_graph.Choice(within=within, libraries=not no_libraries, modules=modules)
    try:
        answer = query_graph.graph(asked.program, names or [], choice)
    except QuestionError as error:
        raise refuse(error) from None
    _finish(asked, _drawn(answer, asked, output_format))


def _drawn(answer: Graph, asked: Asked, output_format: GraphForm) -> str:
    from buttress_scanner.report import answers_dot, answers_json
    from buttress_scanner.report.answers import Answers

    if output_format is GraphForm.JSON:
        return answers_json.graph(answer, asked.errors)
    if output_format is GraphForm.DOT:
        return answers_dot.graph(answer)
    return Answers(asked.read_source, color=wants_color()).graph(answer)


def _finish(asked: Asked, text: str) -> None:
    """Write the answer and leave: with 2 where files are missing from it."""
    hand_over(text, asked.errors)
    raise typer.Exit(2 if asked.errors else 0)
