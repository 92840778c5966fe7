"""One project in an editor: its files with unsaved text laid over them, and the last check of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.config.find import FILE, SHARED_FILE, NoConfigurationError, find_configuration
from buttress_scanner.config.load import load_configuration
from buttress_scanner.engine import examine
from buttress_scanner.findings.report_model import Report
from buttress_scanner.fixes.run import fix
from buttress_scanner.gate import with_baseline
from buttress_scanner.program.query_effects import Effects, Starts
from buttress_scanner.source.tree import Overlay, WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.engine import Examined
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.fixes.run import Fixed
    from buttress_scanner.program import Program
    from buttress_scanner.program.program import Known


@dataclass(frozen=True)
class Checked:
    """The last check: the report, and the program and configuration if there are any."""

    report: Report
    loaded: Loaded | None = None
    examined: Examined | None = None

    @property
    def program(self) -> Program | None:
        """The program that was checked."""
        return self.examined.program if self.examined is not None else None

    @cached_property
    def effects(self) -> tuple[Starts, Effects] | None:
        """What answers questions about effects; made when it is first asked for."""
        return None if self.program is None else (Starts(self.program), Effects(self.program))


class Session:
    """A folder with a configuration, and the texts that an editor has open."""

    def __init__(self, folder: Path, today: Callable[[], date]) -> None:
        self._start = folder
        self._today = today
        self._texts: dict[Path, bytes] = {}
        self._known: Known = {}
        self.folder = folder
        self.checked: Checked | None = None

    # --- what the editor has open

    def opened(self, path: Path, text: str) -> None:
        """The editor shows this text for a file, saved or not."""
        self._texts[path.resolve()] = text.encode("utf-8", "surrogatepass")

    def closed(self, path: Path) -> None:
        """The file counts again as it lies on disk."""
        self._texts.pop(path.resolve(), None)

    def text(self, path: str) -> str:
        """The present text of a file, by its path in reports; empty where there is none."""
        data = self.tree().read(path, 1 << 30)
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""

    def tree(self) -> Overlay:
        """The files as the editor sees them."""
        below = {path: data for path, data in self._texts.items() if path.is_relative_to(self.folder.resolve())}
        changes = {path.relative_to(self.folder.resolve()).as_posix(): data for path, data in below.items()}
        return Overlay(WorkTree(self.folder), changes)

    def concerns(self, path: Path) -> bool:
        """Whether a change of a file may change a finding."""
        return path.suffix in (".py", ".pyi") or path.name in (FILE, SHARED_FILE) or self._is_document(path)

    def _is_document(self, path: Path) -> bool:
        contracts = self.checked.loaded.configuration.contract if self.checked and self.checked.loaded else ()
        kinds = {"naming", "required-files", "doc-ids", "document-schemas"}
        return any(contract.kind in kinds for contract in contracts)

    # --- checking

    def check(self) -> Checked:
        """Check the whole program; a configuration that cannot be used is a report with errors."""
        self.checked = self._check()
        return self.checked

    def _check(self) -> Checked:
        try:
            file = find_configuration(self._start)
            self.folder = file.parent
            loaded = load_configuration(file, self.tree())
        except NoConfigurationError:
            return Checked(Report())
        except ConfigurationError as error:
            return Checked(Report(errors=error.problems, configuration=error.problems[0].path))
        tree = self.tree()
        examined = examine(loaded, today=self._today(), tree=tree, known=self._known)
        self._forget(examined)
        report = with_baseline(examined.report, loaded, tree, strict=False)
        return Checked(report, loaded, replace(examined, report=report))

    def _forget(self, examined: Examined) -> None:
        """Drop the facts of texts that are no longer there."""
        facts = {id(unit.facts) for unit in examined.program.modules.values()}
        facts |= {id(unit.stub.facts) for unit in examined.program.modules.values() if unit.stub is not None}
        self._known = {key: value for key, value in self._known.items() if id(value) in facts}

    def repaired(self, finding: Finding, *, unsafe: bool) -> Fixed | None:
        """What becomes of the files when one finding is repaired; None without a usable configuration."""
        if self.checked is None or self.checked.loaded is None:
            return None
        wanted = (finding.contract, finding.symbol, finding.sink, finding.ordinal)
        return fix(
            self.checked.loaded,
            today=self._today(),
            unsafe=unsafe,
            keep=lambda each: (each.contract, each.symbol, each.sink, each.ordinal) == wanted,
            tree=self.tree(),
        )


def by_path(report: Report) -> Mapping[str, list[Finding]]:
    """The findings that nobody has accepted, by the file in which they stand."""
    found: dict[str, list[Finding]] = {}
    for finding in report.open_findings:
        found.setdefault(finding.position.path, []).append(finding)
    return found
