"""Where a text is named that reaches a place: here, or in the arguments of the calls that led here.

Values forget through which call they came; this module follows one text at a time back from the place where it is used, through
variables, joined and formatted text, parameters, closures and results, to the places that name it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.bindings import Sources, sources_of
from buttress_scanner.program.enums import enum_value, enum_value_kind
from buttress_scanner.program.strings import filled, text_method
from buttress_scanner.program.text_arguments import TextArguments
from buttress_scanner.program.text_objects import TextObjects, enclosing, viewed
from buttress_scanner.program.text_stores import TextStores
from buttress_scanner.program.text_trails import MOST, Follow, Named, Trail, distinct, joined, texts_in
from buttress_scanner.program.values import (
    Box,
    Const,
    External,
    Member,
    Method,
    Object,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

STEPS = 5_000
"""Places that are looked at for one text: loops and branches mix variables in more ways than can be followed."""
_ENVIRONMENT = ("os.getenv", "os.environ.get", "os._Environ.get")
_SPEC = "importlib.util.find_spec"
"""A spec stands for the name of its module."""
_CUTTING = ("split", "rsplit", "partition", "rpartition")


class TextSources:
    """Follows texts through the solved program."""

    def __init__(self, engine: Engine, frames: Iterable[Frame]) -> None:
        self._engine = engine
        self._left = STEPS
        self._hidden = 0
        """How often an object was met that stands for others, of which other frames know more."""
        known = list(frames)
        self._arguments = TextArguments(engine, known, self._trace)
        self._objects = TextObjects(engine, self._arguments)
        self._stores = TextStores(engine, known, self._trace)
        self._rules: dict[str, Callable[[Frame, int, Node, Trail], list[Named]]] = {
            "const": self._constant, "param": self._parameter, "phi": self._phi, "narrow": self._narrow,
            "declare": self._declared, "bin": self._sum, "fstr": self._formatted, "un": self._operand, "free": self._free,
            "own": self._own, "call": self._result, "iter": self._element, "attr": self._attribute, "item": self._item,
            "unpack": self._unpacked, "global": self._variable, "from": self._variable,
        }  # fmt: skip

    def of(self, frame: Frame, node: int) -> list[Named]:
        """The texts that a node can be, each with the calls through which it came."""
        self._left = STEPS
        return self._trace(frame, node, Trail())[:MOST]

    def inside(self, frame: Frame, node: int) -> list[Named]:
        """The texts in the container that a node can be."""
        self._left = STEPS
        return self._contents(frame, node, Trail())[:MOST]

    def values_of(self, frame: Frame, node: int) -> list[Named]:
        """The texts that are values of the mapping that a node can be."""
        self._left = STEPS
        return self._mapped(frame, node, Trail())[:MOST]

    def sources(self, frame: Frame, node: int, path: str) -> list[Sources]:
        """What a call gives to the library function ``path``, for each way in which it calls it itself."""
        return [
            s for callee, s in sources_of(self._engine, (frame, node)) if isinstance(callee, External) and callee.path == path
        ]

    # --- following one text

    def _trace(self, frame: Frame, node: int, trail: Trail) -> list[Named]:
        ahead = trail.at(frame, node)
        if ahead is None:
            return []
        self._left -= 1
        if self._left < 0:
            return self._known(frame, node)
        operation = frame.body.nodes[node]
        rule = self._rules.get(operation[0])
        return distinct(rule(frame, node, operation, ahead) if rule is not None else self._known(frame, node))

    def _known(self, frame: Frame, node: int) -> list[Named]:
        values = self._engine.read(frame, node)
        members = [v for v in values if isinstance(v, Member) and enum_value_kind(self._engine, v.info) == "str"]
        return [Named(t) for t in texts_in([*values, *(w for m in members for w in enum_value(self._engine, m.info, m.name))])]

    def _rest(self, frame: Frame, node: int, hidden: int) -> list[Named]:
        """What is known where nothing could be followed, unless that was because the text is named elsewhere."""
        return self._known(frame, node) if self._hidden == hidden else []

    def _is_elsewhere(self, frame: Frame, node: int) -> bool:
        found = self._objects.are_elsewhere(frame, node)
        self._hidden += found
        return found

    def _constant(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return [Named(operation[1])] if isinstance(operation[1], str) else []

    def _phi(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return [n for part in operation[1] for n in self._trace(frame, part, trail)]

    def _narrow(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        possible = set(texts_in(self._engine.read(frame, node)))
        hidden = self._hidden
        found = self._trace(frame, operation[3], trail)
        if not found and self._hidden == hidden:  # a test says what it is: `if name == "pages"`
            return [Named(text) for text in sorted(possible)]
        return [n for n in found if n.text in possible] if possible else found

    def _declared(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return self._trace(frame, operation[1], trail) if operation[1] >= 0 else []

    def _sum(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        if operation[1] == "mod":
            parts = self._parts(frame, operation[3], trail) or [self._trace(frame, operation[3], trail)]
            made = joined([self._trace(frame, operation[2], trail), *parts], lambda texts: filled(texts[0], texts[1:]))
            return [n for n in made if n.text] or self._known(frame, node)
        if operation[1] != "add":
            return self._known(frame, node)
        return joined([self._trace(frame, operation[2], trail), self._trace(frame, operation[3], trail)], "".join)

    def _formatted(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return joined([self._trace(frame, part, trail) for part in operation[1]], "".join)

    def _operand(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return self._trace(frame, operation[2], trail) if operation[1] == "format" else []

    def _free(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        scope = enclosing(frame, operation[2])
        return self._versions(scope, operation[1], Trail(busy=trail.busy)) if scope is not None else []

    def _own(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        return self._versions(frame, operation[1], trail) or self._known(frame, node)

    def _versions(self, scope: Frame, name: str, trail: Trail) -> list[Named]:
        return [n for version in scope.body.versions.get(name, ()) for n in self._trace(scope, version, trail)]

    def _variable(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        """A module variable: what the module assigns to it, and what others are known to."""
        found = [n for top, version in self._objects.assigned(frame, operation) for n in self._trace(top, version, trail)]
        return [*found, *self._known(frame, node)]

    def _element(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        mapping = viewed(frame, operation[1], "values")
        if mapping is not None:
            return self._mapped(frame, mapping, trail)
        return self._contents(frame, operation[1], trail)

    def _attribute(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        """An attribute of an instance: what its constructor was given comes from the place that builds it."""
        found: list[Named] = []
        for instance in self._objects.at(frame, operation[1]):
            given = self._arguments.given_at(instance.site)
            texts = texts_in(self._engine.values(self._engine.slot("of", instance, operation[2])))
            found += [Named(text, (instance.site,)) if text in given else Named(text) for text in texts]
        said = self._stores.said(frame, operation[1], operation[2], self._trace, trail)
        if not found and not self._is_elsewhere(frame, operation[1]):
            found = self._variable(frame, node, operation, trail)
        names = {n.text for n in said}
        return [*said, *(n for n in found if n.way or n.text not in names)]

    # --- results of calls

    def _result(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        values = self._engine.read(frame, node)
        if any(isinstance(v, External) and v.path == _SPEC for v in self._engine.read(frame, operation[1])):
            given = self._trace(frame, operation[2][0][1], trail) if operation[2] else []
            return [Named(n.text, ((frame, node), *n.way)) for n in given]
        if not any(isinstance(v, (Const, Object)) for v in values):
            return self._default(frame, operation, trail)
        callee, hidden = frame.body.nodes[operation[1]], self._hidden
        if callee[0] == "attr":
            made = self._by_method(frame, operation, callee, trail)
            if made:
                return made
        found = self._default(frame, operation, trail)
        for entered in frame.edges.get(node, {}):
            if entered.body.kind in ("function", "lambda") and len(trail.down) < 4:
                deeper = Trail((*trail.down, (frame, node)), trail.busy)
                strange = entered.owner is not None and self._stores.is_stranger(frame.unit, entered.unit)
                for result in entered.body.returns:
                    given = self._trace(entered, result, deeper)
                    found += [Named(n.text, n.way or ((entered, result),)) for n in given] if strange else given
        return found or self._rest(frame, node, hidden)

    def _default(self, frame: Frame, operation: Node, trail: Trail) -> list[Named]:
        """What stands in for a variable of the environment that is not set."""
        called = [v.function if isinstance(v, Method) else v for v in self._engine.read(frame, operation[1])]
        if len(operation[2]) < 2 or not any(isinstance(c, External) and c.path in _ENVIRONMENT for c in called):
            return []
        return self._trace(frame, operation[2][1][1], trail)

    def _by_method(self, frame: Frame, operation: Node, callee: Node, trail: Trail) -> list[Named]:
        """A method of text that makes text: ``"shop.{}".format(name)``, ``".".join(parts)``."""
        receivers = self._trace(frame, callee[1], trail)
        if callee[2] == "join" and len(operation[2]) == 1:
            parts = self._parts(frame, operation[2][0][1], trail)
            return [n for r in receivers for n in joined(parts, r.text.join)] if parts else []
        if not all(name for name, _ in operation[3]) or any(starred for starred, _ in operation[2]):
            return []
        given = [self._trace(frame, argument, trail) for _, argument in (*operation[2], *operation[3])]

        def applied(parts: Sequence[str]) -> str:
            constants: list[list[Value]] = [[self._engine.const(p)] for p in parts[1:]]
            count = len(operation[2])
            named = {name: constants[count + n] for n, (name, _) in enumerate(operation[3])}
            results = text_method(self._engine, callee[2], self._engine.const(parts[0]), constants[:count], named) or []
            return next(iter(texts_in(results)), "")

        return [n for n in joined([receivers, *given], applied) if n.text]

    def _parts(self, frame: Frame, node: int, trail: Trail) -> list[list[Named]]:
        operation = frame.body.nodes[node]
        if operation[0] != "seq" or any(starred for starred, _ in operation[2]):
            return []
        return [self._trace(frame, element, trail) for _, element in operation[2]]

    # --- pieces of a text

    def _item(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        key = frame.body.nodes[operation[2]]
        if key[0] != "const":
            return self._stores.put(self._engine.read(frame, operation[1]), [n.text for n in self._known(frame, node)], trail)
        holder = frame.body.nodes[operation[1]]
        if isinstance(key[1], str) and holder[0] == "param":
            return self._arguments.under(frame, holder[1], key[1]) or self._known(frame, node)
        hidden = self._hidden
        cut = self._pieces(frame, operation[1], key[1], trail) if isinstance(key[1], int) else []
        rest = [n.text for n in self._rest(frame, node, hidden)] if not cut else []
        return cut or self._stores.put(self._engine.read(frame, operation[1]), rest, trail)

    def _unpacked(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        if operation[4]:
            return self._known(frame, node)
        hidden = self._hidden
        found = self._pieces(frame, operation[1], operation[2], trail) or self._of_pair(frame, operation, trail)
        return found or self._rest(frame, node, hidden)

    def _of_pair(self, frame: Frame, operation: Node, trail: Trail) -> list[Named]:
        """One place in what a loop takes apart: ``for key, name in table.items()``, ``for label, name in PAIRS``."""
        taken, index = frame.body.nodes[operation[1]], operation[2]
        if taken[0] != "iter":
            return []
        mapping = viewed(frame, taken[1], "items")
        if mapping is not None:
            return self._contents(frame, mapping, trail) if index == 0 else self._mapped(frame, mapping, trail)

        def place(inner: Frame, node: int, ahead: Trail) -> list[Named]:
            pair = inner.body.nodes[node]
            return self._trace(inner, pair[2][index][1], ahead) if pair[0] == "seq" and index < len(pair[2]) else []

        return self._contents(frame, taken[1], trail, place)

    def _pieces(self, frame: Frame, node: int, index: int, trail: Trail) -> list[Named]:
        """One piece of a text that is cut, as in ``path.rpartition(".")[0]``."""
        operation = frame.body.nodes[node]
        callee = frame.body.nodes[operation[1]] if operation[0] == "call" else ("",)
        if callee[0] != "attr" or callee[2] not in _CUTTING:
            return []
        arguments = [frame.body.nodes[n] for _, n in operation[2]] + [frame.body.nodes[n] for _, n in operation[3]]
        if any(argument[0] != "const" for argument in arguments):
            return []
        found: list[Named] = []
        for named in self._trace(frame, callee[1], trail):
            with suppress(IndexError, TypeError, ValueError):
                pieces = getattr(named.text, callee[2])(*(argument[1] for argument in arguments))
                found.append(Named(pieces[index], named.way))
        return found

    # --- containers

    def _contents(self, frame: Frame, node: int, trail: Trail, take: Follow | None = None) -> list[Named]:
        """What a container holds, the keys of a dict; ``take`` says what of an element is wanted."""

        def follow(inner: Frame, at: int, further: Trail) -> list[Named]:
            return self._contents(inner, at, further, take)

        ahead = trail.at(frame, node)
        if ahead is None:
            return []
        operation = frame.body.nodes[node]
        match operation[0]:
            case "seq":
                chosen = {True: follow, False: take or self._trace}
                return [n for starred, element in operation[2] for n in chosen[starred](frame, element, ahead)]
            case "dict":
                return [n for key, _ in operation[1] if key >= 0 for n in (take or self._trace)(frame, key, ahead)]
            case "phi" | "narrow" | "param":
                return self._handed_on(frame, operation, ahead, follow)
            case "free" if (scope := enclosing(frame, operation[2])) is not None:
                versions = scope.body.versions.get(operation[1], ())
                return [n for version in versions for n in follow(scope, version, Trail(busy=ahead.busy))]
        inner = [n for top, version in self._objects.assigned(frame, operation) for n in follow(top, version, ahead)]
        return inner if take is not None else inner + self._held(frame, node, operation, ahead)

    def _mapped(self, frame: Frame, node: int, trail: Trail) -> list[Named]:
        """The values of a dict."""
        ahead = trail.at(frame, node)
        if ahead is None:
            return []
        operation = frame.body.nodes[node]
        match operation[0]:
            case "dict":
                return [n for k, v in operation[1] for n in (self._trace if k >= 0 else self._mapped)(frame, v, ahead)]
            case "phi" | "narrow" | "param":
                return self._handed_on(frame, operation, ahead, self._mapped)
        inner = [n for top, version in self._objects.assigned(frame, operation) for n in self._mapped(top, version, ahead)]
        return inner + self._held(frame, node, operation, ahead)

    def _handed_on(self, frame: Frame, operation: Node, trail: Trail, follow: Follow) -> list[Named]:
        if operation[0] == "param":
            return self._arguments.of(frame, operation[1], trail, follow)
        parts = operation[1] if operation[0] == "phi" else (operation[3],)
        return [n for part in parts for n in follow(frame, part, trail)]

    def _held(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        """What is known of a container; what an object's constructor was given comes from the place that builds it."""
        found: list[Named] = []
        for owner in self._objects.at(frame, operation[1]) if operation[0] == "attr" else ():
            given = self._arguments.given_at(owner.site)
            values = self._engine.values(self._engine.slot("of", owner, operation[2]))
            held = self._stores.put(values, self._elements_of(values), trail)
            found += [Named(n.text, (owner.site,)) if n.text in given else n for n in held]
        if found or (operation[0] == "attr" and self._is_elsewhere(frame, operation[1])):
            return found
        values = self._engine.read(frame, node)
        is_read = operation[0] == "attr"
        said = self._stores.said(frame, operation[1], operation[2], self._contents, trail) if is_read else []
        names = {n.text for n in said}
        return [*said, *self._stores.put(values, [t for t in self._elements_of(values) if t not in names], trail)]

    def _elements_of(self, values: Iterable[Value]) -> list[str]:
        return [text for v in values if isinstance(v, Box) for text in texts_in(contents.elements(self._engine, v))]

    # --- parameters

    def _parameter(self, frame: Frame, node: int, operation: Node, trail: Trail) -> list[Named]:
        found = self._arguments.of(frame, operation[1], trail, self._trace)
        self._hidden += not found and frame.key == "*"  # what a shared frame knows of others is named by these
        return found
