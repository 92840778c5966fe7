"""What every contract kind shares: the configuration model and the ledger in which a check records what it judged.

A kind is one module with a subclass of `Contract` and one Markdown page beside it (same stem), which is documentation and
test suite at once.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from buttress_scanner.config.selectors import Selector
from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.claims import Claim
    from buttress_scanner.contracts.repair import Repair
    from buttress_scanner.program import Program


def as_tuple(value: object) -> object:
    """Turn a single value into a tuple of one, and a list into a tuple; leave anything else to the field's own validation."""
    if isinstance(value, (str, int, bool, dict)):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _selectors(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.startswith("@"):
            Selector.parse(value)
    return values


_ONE_OR_MORE = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})

Strings = Annotated[tuple[str, ...], BeforeValidator(as_tuple), _ONE_OR_MORE]
"""A field that takes a list of strings or a single one (contracts: "a field that takes a list takes a single value as well")."""

Selectors = Annotated[tuple[str, ...], BeforeValidator(as_tuple), AfterValidator(_selectors), _ONE_OR_MORE]
"""A field that takes selectors or names of zones, one or a list; their form is checked when the configuration is read."""


class Exemption(BaseModel):
    """Code that is analysed but not judged: files by glob, or a symbol, each with a reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(None, description="Files, as a pattern like those of `.gitignore`.")
    symbol: str | None = Field(None, description="A module or an element of one, as a selector.")
    reason: str = Field(min_length=1, description="Why nobody judges this code.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Exemption:
        if (self.path is None) == (self.symbol is None):
            raise ValueError("an exemption has either a `path` or a `symbol`")
        if self.symbol is not None:
            Selector.parse(self.symbol)
        return self


class Contract(BaseModel):
    """A rule of the configuration file. Subclasses add the fields of their kind and implement `check`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )

    kind_name: ClassVar[str]
    """The value of ``kind`` in the configuration."""

    follows: ClassVar[int] = 3
    """Calls that are followed out of the modules of `scope`, in a program that is too large to be evaluated whole."""

    about_files: ClassVar[bool] = False
    """Whether findings stand in files of any type, so that an exemption may name one that holds no code."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]*$",
        description="The name of the contract in reports and suppressions: lower case letters, digits, `.`, `_` and `-`.",
    )
    kind: str = Field(description="What sort of rule this is; `buttress explain KIND` tells what it judges.")
    because: str = Field(min_length=1, description="Why the rule exists, shown with every finding.")
    source: str | None = Field(None, description="Where the rule comes from, such as a design document.")
    severity: Severity = Field(Severity.ERROR, description="`note` reports without failing the check.")
    exempt: Annotated[tuple[Exemption, ...], BeforeValidator(as_tuple)] = Field(
        (), description="Code that this contract does not judge."
    )
    may_be_empty: bool = Field(False, description="Permits a zone without modules; never a missing subject.")

    def watch(self, program: Program) -> None:
        """Tell the program, before anything is evaluated, which classes and members this contract is about."""

    def scope(self, program: Program) -> Iterable[str] | None:
        """The modules whose functions must be evaluated for this contract; None for the whole program."""
        return None

    @abstractmethod
    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every place that breaks the contract; record in the ledger what was judged."""

    def claims(self, program: Program) -> Iterable[Claim]:
        """What this contract demands or permits of things that other contracts may speak of too; asked after the check."""
        return ()

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Ways to break this contract in this program, for `buttress sabotage`; the program may be solved for them."""
        return ()

    def repairs(self, program: Program, finding: Finding) -> Iterable[Repair]:
        """Changes that make a finding of this contract disappear, the best one first, for `buttress fix` and editors."""
        return ()

    def finding(
        self,
        position: Position,
        symbol: str,
        message: str,
        *,
        sink: str,
        evidence: Sequence[Step] = (),
        confidence: Confidence = Confidence.PROVEN,
        fixable: bool = False,
    ) -> Finding:
        """Build a finding of this contract."""
        return Finding(
            contract=self.id,
            kind=self.kind,
            position=position,
            symbol=symbol,
            message=message,
            sink=sink,
            severity=self.severity,
            confidence=confidence,
            because=self.because,
            evidence=tuple(evidence),
            fixable=fixable,
        )


@dataclass(slots=True)
class Ledger:
    """What one contract's check judged, what it could not decide, and why it may be vacuous."""

    judged: int = 0
    undecided: list[tuple[Position, str]] = field(default_factory=list)
    vacuous: list[str] = field(default_factory=list)

    def judge(self, count: int = 1) -> None:
        """Record that ``count`` places (calls, functions, modules, ...) were judged."""
        self.judged += count

    def leave_undecided(self, position: Position, reason: str) -> None:
        """Record a site that could not be decided, with the reason."""
        self.undecided.append((position, reason))

    def is_vacuous(self, why: str) -> None:
        """Record that the contract guards nothing: a subject, zone or module that does not exist."""
        self.vacuous.append(why)
