"""``buttress why``: the shortest way from an element of the program to an effect."""

from __future__ import annotations

from typing import Annotated

import typer

from buttress_scanner.cli.asking import Config, Form, Format, complete_effect, complete_symbol, hand_over, load, refuse
from buttress_scanner.cli.terminal import wants_color

_Symbol = Annotated[
    str,
    typer.Argument(
        metavar="SYMBOL",
        help="module:Qualified.name of a function, or of a class for its construction; a module for its import.",
        autocompletion=complete_symbol,
    ),
]
_Effect = Annotated[
    str,
    typer.Argument(
        metavar="EFFECT", help="An effect, such as clock or io.file; io is all its parts.", autocompletion=complete_effect
    ),
]


def why(symbol: _Symbol, effect: _Effect, config: Config = None, output_format: Format = Form.TEXT) -> None:
    """Show why an element of the program has an effect: the shortest way to it.

    The last step is the deed, with the entry of the catalogue that makes it one. Which calls on all ways are undecided is told,
    with the reason. Exit code 0: it reaches the effect. 1: it does not, as far as is known. 2: wrong usage, no such name, or it
    does not and files could not be read.
    """
    from buttress_scanner.program import queries
    from buttress_scanner.report import answers_json
    from buttress_scanner.report.answers import Answers

    asked = load(config)
    try:
        answer = queries.why(asked.program, symbol, effect)
    except queries.QuestionError as error:
        raise refuse(error) from None
    if output_format is Form.JSON:
        text = answers_json.why(answer, asked.errors)
    else:
        text = Answers(asked.read_source, color=wants_color()).why(answer)
    hand_over(text, asked.errors)
    raise typer.Exit(0 if answer.way is not None else 2 if asked.errors else 1)
