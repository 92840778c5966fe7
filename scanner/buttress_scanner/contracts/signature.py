"""signature: a function and its overrides have exactly the parameters, defaults and annotations that the contract names."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field

from buttress_scanner.contracts.base import Contract, Selectors, Strings
from buttress_scanner.contracts.breaking import Workbench
from buttress_scanner.contracts.claims import Exactly, called
from buttress_scanner.contracts.repair import Repair, knows, subject_of
from buttress_scanner.findings.model import Step
from buttress_scanner.program.annotations import (
    Form,
    Names,
    Resolve,
    canonical,
    equal,
    standard_name,
    type_form,
    value_form,
)
from buttress_scanner.program.classes import linearise, subclasses
from buttress_scanner.program.expected import Expectations
from buttress_scanner.program.protocols import is_protocol
from buttress_scanner.program.type_aliases import TypeAliases
from buttress_scanner.program.values import Function, Instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.facts.model import Body
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Unit

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple["Unit", "Body"]
_SYMBOL = re.compile(r"""'[^']*'|"[^"]*"|(?P<module>[^\W\d][\w.]*):(?P<name>[^\W\d][\w.]*)""")
_SEPARATORS = ("/", "*")
_READS = ("global", "from", "attr", "free", "late", "own")


def _dotted(text: str) -> str:
    """Write ``module:Name`` as ``module.Name``, which Python can parse; quoted text stays."""
    return _SYMBOL.sub(lambda match: f"{match['module']}.{match['name']}" if match["module"] else match[0], text)


def _entry(text: str) -> str:
    """A parameter with its annotation in a form that Python can parse."""
    name, colon, rest = text.partition(":")
    annotation, equals, default = rest.partition("=")
    return f"{name}{colon}{_dotted(annotation)}{equals}{default}"


def _parse(params: Sequence[str], returns: str | None) -> ast.arguments:
    """Parse the demanded signature.

    Raises:
        ValueError: it is none.
    """
    ending = f" -> {_dotted(returns)}" if returns is not None else ""
    return _definition(f"def demanded({', '.join(map(_entry, params))}){ending}: ...").args


def _definition(text: str) -> Definition:
    tree = ast.parse(text)
    node = tree.body[0]
    if len(tree.body) != 1 or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise SyntaxError("no definition of a function")
    return node


def _parameters(params: tuple[str, ...]) -> tuple[str, ...]:
    for number, entry in enumerate(params):
        if entry.strip() not in _SEPARATORS:
            lead = ["*"] if not entry.lstrip().startswith("*") else []
            try:
                args = _parse([*lead, entry], None)
            except SyntaxError as error:
                raise ValueError(f"{entry!r} is no parameter: write `name: annotation = default` ({error.msg})") from None
            if len(_listed(args)) != 1:
                raise ValueError(f"entry {number + 1}, {entry!r}, is more than one parameter")
    try:
        _parse(params, None)
    except SyntaxError as error:
        raise ValueError(f"these parameters cannot stand in this order: {error.msg}") from None
    return params


def _annotation(text: str | None) -> str | None:
    try:
        if text is not None:
            _parse((), text)
    except SyntaxError:
        raise ValueError(f"{text!r} is no annotation") from None
    return text


def _normal_text(what: str, text: str) -> str:
    """Write parameters or a result in one layout."""
    if what == "the parameters":
        return ast.unparse(_parse([text], None))
    return ast.unparse(ast.parse(_dotted(text), mode="eval"))


class Signature(Contract):
    """A function and its overrides have exactly this signature."""

    kind_name: ClassVar[str] = "signature"

    function: Selectors = Field(description="The functions or methods.")
    params: Annotated[Strings, AfterValidator(_parameters)] = Field(
        description="`name: annotation = default` in order, `self` and `cls` included; `/` and `*` separate."
    )
    returns: Annotated[str | None, AfterValidator(_annotation)] = Field(
        None, description="The annotation of the result; not judged when absent."
    )
    is_async: bool = Field(False, alias="async", description="Whether it must be an `async def`.")
    overrides: bool = Field(True, description="Whether overrides in subclasses are judged too.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where subclasses may be defined inside of functions: those at the top of a module are known anyway."""
        owners = {text.partition(":")[2].rpartition(".")[0].rpartition(".")[2] for text in self.function if self.overrides}
        names = {name for owner in owners if owner for name in program.descendants(owner)}
        return {unit.name for unit in program.mentioning(names)}

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """The function takes another parameter."""
        from buttress_scanner.contracts._rewriting import with_parameter

        subjects = [s for text in self.function for s in program.subjects(text) if s.body is not None]
        for subject in subjects[:1]:
            how = f"gives `{subject.symbol}` another parameter"
            breaking = Workbench(program).rewritten(how, subject, with_parameter("sabotaged"))
            if breaking is not None:
                yield breaking

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Add the annotations that are demanded and missing, where the module knows their names."""
        from buttress_scanner.contracts._rewriting import changed, with_annotations

        subject = subject_of(program, finding)
        demanded = {arg.arg: ast.unparse(arg.annotation) for _, arg, _ in _listed(_parse(self.params, None)) if arg.annotation}
        texts = [*demanded.values(), *([self.returns] if self.returns else [])]
        if subject is None or not all(knows(subject.unit, text) for text in texts):
            return
        change = with_annotations(demanded, self.returns)
        title = f"Add the missing annotations of `{subject.qualname}`"
        yield Repair(title, subject.unit.path, lambda data: changed(data, subject.qualname, change))

    def claims(self, program: Program) -> Iterator[Exactly]:
        """Each function has these parameters, this result, and is a coroutine function or not."""
        demanded = {"the parameters": ", ".join(self.params), "the result": self.returns, "`async`": str(self.is_async).lower()}
        symbols = (each for text in self.function for each in called(program, text, overrides=self.overrides))
        for symbol in dict.fromkeys(symbols):
            for what, shown in demanded.items():
                if shown is not None:
                    yield Exactly(f"{what} of {symbol}", _normal_text(what, shown), f"`{shown}`")

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every definition that differs."""
        program.solve()
        names = Names(program.table)
        aliases = TypeAliases(program.table, names)
        judged: set[tuple[str, int]] = set()
        for text in self.function:
            subjects = [(s.unit, s.body) for s in program.subjects(text) if s.body is not None and s.body.kind == "function"]
            if not subjects:
                ledger.is_vacuous(f"{text} is no function of the program")
            for base in subjects:
                demanded = _Demanded(self, names, aliases, program, *base)
                for unit, body in [*_alternatives(*base), *(self._overriding(program, text, base) if self.overrides else ())]:
                    if (unit.name, body.index) not in judged:
                        judged.add((unit.name, body.index))
                        ledger.judge()
                        yield from self._judge(program, demanded, unit, body)

    def _overriding(self, program: Program, text: str, base: Place) -> Iterator[Place]:
        """The definitions that a method has in the subclasses of the class that the contract names."""
        unit, body = base
        engine = program.engine
        named, dot, name = text.rpartition(".")
        if dot and ":" in named and name != "*":
            infos = program.classes(named)
        else:
            infos = [i for i in engine.classes.values() if i.unit is unit and i.body.index == body.parent]
        for info, sub in ((i, s) for i in infos for s in subclasses(engine, i)):
            order = list(linearise(engine, sub))
            for owner in order[: order.index(info)]:  # the subclass itself, and what it mixes in before the class
                yield from _bound(program, owner, body.name)
        for info in (i for i in infos if is_protocol(engine, i)):
            for fitting in _used_as(program, info, body.name):
                yield from _bound(program, next(o for o in linearise(engine, fitting) if body.name in o.body.exit), body.name)

    def _judge(self, program: Program, demanded: _Demanded, unit: Unit, body: Body) -> Iterator[Finding]:
        differences = demanded.differences(unit, body)
        if not differences:
            return
        symbol = f"{unit.name}:{body.qualname}"
        base = f"{demanded.unit.name}:{demanded.body.qualname}"
        overridden = Step(program.position(demanded.unit, demanded.body.header), base, "what it overrides")
        yield self.finding(
            program.position(unit, body.header),
            symbol,
            f"`{symbol}` has another signature than the contract demands: {'; '.join(differences)}",
            sink="signature",
            evidence=[overridden] if body is not demanded.body and symbol != base else [],
        )


def _alternatives(unit: Unit, body: Body) -> list[Place]:
    """All definitions that may stand behind a name: one in each branch of a condition."""
    return [(unit, each) for each in _definitions(unit, unit.facts.bodies[body.parent], body.name, body)]


def _bound(program: Program, owner: ClassInfo, name: str) -> Iterator[Place]:
    """What a class binds a name to: its definitions, or functions from elsewhere that it gives the name."""
    found = [(owner.unit, each) for each in _definitions(owner.unit, owner.body, name)]
    node = owner.body.exit.get(name)
    if not found and node is not None and owner.body.nodes[node][0] in _READS:
        values = program.engine.read(owner.frame, node)
        found = [(v.unit, v.body) for v in values if isinstance(v, Function) and v.body.kind == "function"]
    yield from found


def _used_as(program: Program, protocol: ClassInfo, name: str) -> list[ClassInfo]:
    """Classes with that method whose objects are given to something declared with the protocol, without inheriting from it."""
    engine = program.engine
    expected = Expectations(engine, protocol)
    found: dict[ClassInfo, None] = {}
    for frame in program.frames():
        for node in expected.given(frame):
            values = program.node_values(frame, node)
            found.update(dict.fromkeys(v.info for v in values if isinstance(v, Instance)))
    return [
        info for info in found if protocol not in (order := linearise(engine, info)) and any(name in o.body.exit for o in order)
    ]


def _definitions(unit: Unit, scope: Body, name: str, default: Body | None = None) -> list[Body]:
    """The function definitions that a class or module binds to a name in the end, below decorators and behind conditions."""
    found: dict[int, None] = {}
    nodes = [scope.exit[name]] if name in scope.exit else []
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        match scope.nodes[node]:
            case ("func", index):
                found[index] = None
            case ("deco", _, target):
                nodes.append(target)
            case ("phi", parts):
                nodes += parts
            case ("narrow", _, _, subject, _):
                nodes.append(subject)
    bodies = [unit.facts.bodies[index] for index in sorted(found)]
    bodies = [b for b in bodies if b.kind == "function"]
    return bodies if default is None or default in bodies else [default]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter in a form that can be compared, and as it is written."""

    kind: str
    name: str
    annotation: Form | None
    default: Form | None
    text: str


class _Demanded:
    """The demanded signature, its names resolved as seen from the function that the contract names."""

    def __init__(self, contract: Signature, names: Names, aliases: TypeAliases, program: Program, unit: Unit, body: Body) -> None:
        self.unit, self.body = unit, body
        self._contract, self._names, self._aliases, self._program = contract, names, aliases, program
        wanted = _definition(
            f"def demanded({', '.join(map(_entry, contract.params))}) -> {_dotted(contract.returns or 'None')}: ..."
        )
        self._params = _described(wanted.args, self._name)
        self._returns = type_form(wanted.returns, self._name)

    def differences(self, unit: Unit, body: Body) -> list[str]:
        """What is different in a definition, in words."""
        node = _definition(_source(unit, body))

        def resolve(dotted: str) -> Form:
            return ("name", self._names.resolve(unit, body, dotted) or dotted, True)

        found: list[str] = []
        if body.is_async != self._contract.is_async:
            found.append("it is a coroutine function" if body.is_async else "it is no coroutine function")
        found += _compared(_described(node.args, resolve), self._params, self._same_type)
        returns = type_form(node.returns, resolve)
        if self._contract.returns is not None and not self._same_type(returns, self._returns):
            written = f"`{ast.unparse(node.returns)}`" if node.returns is not None else "nothing"
            found.append(f"it returns {written} instead of `{self._contract.returns}`")
        return found

    def _same_type(self, found: Form | None, demanded: Form | None) -> bool:
        """Whether two types are the same, as they are written or with what the project's aliases stand for."""
        if found is None or demanded is None:
            return found == demanded
        return equal(found, demanded) or equal(self._aliases.expanded(found), self._aliases.expanded(demanded))

    def _name(self, dotted: str) -> Form:
        """A name of the contract: of the library, of the program, as the function's module knows it, or the end of any path."""
        standard = standard_name(dotted) if "." not in dotted else None
        if standard is None and dotted.startswith(("typing.", "typing_extensions.", "collections.abc.")):
            standard = canonical(dotted)
        known = standard or self._names.absolute(dotted) or self._names.resolve(self.unit, self.body, dotted)
        if known is None and "." not in dotted:
            classes = {f"{i.unit.name}.{i.body.qualname}" for i in self._program.engine.classes.values() if i.name == dotted}
            known = classes.pop() if len(classes) == 1 else None
        return ("name", known or dotted, known is not None)


def _source(unit: Unit, body: Body) -> str:
    """The text of a definition without its decorators and its indentation."""
    line, column, end_line, end_column = body.span
    lines = unit.data.splitlines()[line - 1 : end_line]
    lines[-1] = lines[-1][:end_column]
    lines[0] = lines[0][column:]
    return b"\n".join(lines).decode("utf-8", "surrogatepass")


def _described(args: ast.arguments, resolve: Resolve) -> list[_Parameter]:
    return [
        _Parameter(kind, arg.arg, type_form(arg.annotation, resolve), value_form(default, resolve), _written(kind, arg, default))
        for kind, arg, default in _listed(args)
    ]


def _listed(args: ast.arguments) -> list[tuple[str, ast.arg, ast.expr | None]]:
    """The parameters in order, each with its kind and default."""
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
    kinds = ["positional-only"] * len(args.posonlyargs) + ["ordinary"] * len(args.args)
    found: list[tuple[str, ast.arg, ast.expr | None]] = list(zip(kinds, positional, defaults, strict=True))
    found += [("*", args.vararg, None)] if args.vararg else []
    found += [("keyword-only", arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return [*found, *([("**", args.kwarg, None)] if args.kwarg else [])]


def _written(kind: str, arg: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {ast.unparse(arg.annotation)}" if arg.annotation is not None else ""
    value = f"{' = ' if annotation else '='}{ast.unparse(default)}" if default is not None else ""
    return f"{kind if kind.startswith('*') else ''}{arg.arg}{annotation}{value}"


def _compared(
    found: Sequence[_Parameter], demanded: Sequence[_Parameter], same_type: Callable[[Form | None, Form | None], bool]
) -> list[str]:
    """What is different between two lists of parameters, in words."""
    differences: list[str] = []
    for number, (own, wanted) in enumerate(zip(found, demanded, strict=False), start=1):
        same = own.name == wanted.name and same_type(own.annotation, wanted.annotation) and equal(own.default, wanted.default)
        if not same:
            differences.append(f"parameter {number} is `{own.text}` instead of `{wanted.text}`")
        elif own.kind != wanted.kind:
            differences.append(f"parameter {number}, `{own.name}`, is {own.kind} instead of {wanted.kind}")
    differences += [f"`{p.text}` is missing" for p in demanded[len(found) :]]
    return differences + [f"`{p.text}` is too much" for p in found[len(demanded) :]]
