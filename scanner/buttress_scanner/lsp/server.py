"""The language server: checks the whole program a moment after each change, and answers what editors ask."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from buttress_scanner.findings.report_model import Status
from buttress_scanner.lsp.convert import column_of, diagnostic, problem, range_of, vacuous
from buttress_scanner.lsp.hover import hover
from buttress_scanner.lsp.session import Session, by_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.lsp.session import Checked

QUIET = 0.3
"""Seconds without a change before the program is checked."""
EXPLAIN = "buttress.explain"
Offer = types.CodeAction | types.Command


class Server(LanguageServer):
    """A server for one project: the folder that the editor names."""

    def __init__(self, version: str, today: Callable[[], date]) -> None:
        super().__init__("buttress", version, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self._today = today
        self._session: Session | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="buttress")
        self._published: set[str] = set()
        _register(self)

    @property
    def _checked(self) -> Checked | None:
        return self._session.checked if self._session is not None else None

    # --- the project

    def begin(self, folder: Path) -> None:
        """Look at a project for the first time."""
        self._session = Session(folder, self._today)
        self.soon(0)

    def changed(self, uri: str, text: str | None) -> None:
        """Take over the text of a file, None when the editor has closed it, and check soon."""
        path = uris.to_fs_path(uri)
        if self._session is None or path is None:
            return
        if text is None:
            self._session.closed(Path(path))
        else:
            self._session.opened(Path(path), text)
        if self._session.concerns(Path(path)):
            self.soon(QUIET)

    def soon(self, seconds: float) -> None:
        """Check when nothing has changed for a while; what waits already is put off."""
        loop = asyncio.get_running_loop()
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = loop.call_later(seconds, lambda: loop.create_task(self._check()))

    async def _check(self) -> None:
        if self._session is None:
            return
        try:
            checked = await asyncio.get_running_loop().run_in_executor(self._worker, self._session.check)
        except Exception as error:  # noqa: BLE001 - the editor goes on, and the log says what happened
            text = f"buttress: internal failure: {type(error).__name__}: {error}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))
            return
        self._publish(checked)

    # --- diagnostics

    def _publish(self, checked: Checked) -> None:
        """Tell the editor what is wrong in each file, and that nothing is any more in those that had something before."""
        lines = self._lines()
        found: dict[str, list[types.Diagnostic]] = {}
        for path, findings in by_path(checked.report).items():
            found[path] = [diagnostic(finding, lines, self._uri) for finding in findings]
        for each in checked.report.errors:
            found.setdefault(each.path, []).append(problem(each, lines))
        for result in checked.report.contracts:
            if result.status is Status.VACUOUS:
                found.setdefault(result.path, []).append(vacuous(result, lines))
        for path in sorted(self._published | found.keys()):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(self._uri(path), found.get(path, [])))
        self._published = set(found)

    def _lines(self) -> Callable[[str], list[str]]:
        """The lines of files, each read once."""
        known: dict[str, list[str]] = {}

        def lines(path: str) -> list[str]:
            if path not in known:
                known[path] = self._session.text(path).splitlines() if self._session is not None else []
            return known[path]

        return lines

    def _uri(self, path: str) -> str:
        folder = self._session.folder if self._session is not None else Path()
        return uris.from_fs_path(str((folder / path).absolute())) or ""

    def _path(self, uri: str) -> str | None:
        """A file's path in reports; None for one outside of the project."""
        path = uris.to_fs_path(uri)
        if path is None or self._session is None:
            return None
        folder, full = self._session.folder.resolve(), Path(path).resolve()
        return full.relative_to(folder).as_posix() if full.is_relative_to(folder) else None

    # --- answers

    def hover_at(self, uri: str, place: types.Position) -> types.Hover | None:
        """The effects of what stands at a place, as far as the last check knows."""
        path, checked = self._path(uri), self._checked
        if path is None or checked is None:
            return None
        text = hover(checked, path, *column_of(place, self._lines()(path)))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    def actions_at(self, params: types.CodeActionParams) -> list[Offer]:
        """What can be done about the findings in a range: repair, accept with a reason, explain."""
        path = self._path(params.text_document.uri)
        if path is None:
            return []
        return [action for finding in self._findings_at(path, params.range) for action in self._actions(finding)]

    def _findings_at(self, path: str, place: types.Range) -> Iterator[Finding]:
        checked = self._checked
        lines = self._lines()
        for finding in by_path(checked.report).get(path, ()) if checked is not None else ():
            own = range_of(finding.position, lines)
            if own.start.line <= place.end.line and place.start.line <= own.end.line:
                yield finding

    def _actions(self, finding: Finding) -> Iterator[Offer]:
        checked, lines = self._checked, self._lines()
        shown = [diagnostic(finding, lines, self._uri)]
        contracts = {c.id: c for c in checked.examined.contracts} if checked is not None and checked.examined is not None else {}
        contract = contracts.get(finding.contract)
        if contract is not None and checked is not None and checked.program is not None:
            for repair in contract.repairs(checked.program, finding):
                title = repair.title if repair.is_safe else f"{repair.title} (not safe)"
                data = {"fingerprint": finding.fingerprint, "unsafe": not repair.is_safe}
                yield types.CodeAction(title, types.CodeActionKind.QuickFix, shown, data=data, is_preferred=repair.is_safe)
        if contract is not None:
            yield self._acceptance(finding, shown)
            yield types.Command(f"Explain [{finding.contract}]", EXPLAIN, arguments=[finding.contract])

    def _acceptance(self, finding: Finding, shown: list[types.Diagnostic]) -> types.CodeAction:
        """A comment that accepts the finding; the reason is left to the author, and demanded by the next check."""
        end = range_of(finding.position, self._lines()).start.line
        line = self._lines()(finding.position.path)[end : end + 1]
        place = types.Position(end, len(line[0].encode("utf-16-le")) // 2 if line else 0)
        comment = f"  # buttress: allow[{finding.contract}] -- "
        edit = types.WorkspaceEdit({self._uri(finding.position.path): [types.TextEdit(types.Range(place, place), comment)]})
        return types.CodeAction(
            f"Accept [{finding.contract}] here, with a reason", types.CodeActionKind.QuickFix, shown, edit=edit
        )

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Try a repair over the whole program; where it does not help, say so and change nothing."""
        data: dict[str, Any] = action.data if isinstance(action.data, dict) else {}
        checked = self._checked
        findings = checked.report.findings if checked is not None else ()
        finding = next((each for each in findings if each.fingerprint == data.get("fingerprint")), None)
        if action.edit is not None or finding is None or self._session is None:
            return action
        session, unsafe = self._session, bool(data.get("unsafe"))
        loop = asyncio.get_running_loop()
        fixed = await loop.run_in_executor(self._worker, lambda: session.repaired(finding, unsafe=unsafe))
        if fixed is None or not fixed.changes:
            text = f"buttress: tried over the whole program, this does not remove the finding of {finding.contract!r}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, text))
            return action
        edits = {self._uri(path): [self._whole(path, data)] for path, data in fixed.changes.items()}
        action.edit = types.WorkspaceEdit(edits)
        return action

    def _whole(self, path: str, data: bytes) -> types.TextEdit:
        """Replace all of a file's text."""
        end = types.Position(len(self._lines()(path)) + 1, 0)
        return types.TextEdit(types.Range(types.Position(0, 0), end), data.decode("utf-8", "replace"))

    def explain(self, contract_id: str) -> str | None:
        """Why a contract exists, and what its kind judges; shown to the user as well."""
        checked = self._checked
        result = next((r for r in (checked.report.contracts if checked is not None else ()) if r.id == contract_id), None)
        if result is None:
            return None
        source = f"\nSource: {result.source}" if result.source else ""
        text = f"{result.id} ({result.kind}): {result.because}{source}\nbuttress explain {result.kind} tells what it judges."
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
        return text


def _register(server: Server) -> None:
    """Tell the protocol which method answers what."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        folder = server.workspace.root_path or next(
            (uris.to_fs_path(each.uri) for each in server.workspace.folders.values()), None
        )
        server.begin(Path(folder) if folder else Path())

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def edited(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.changed(uri, server.workspace.get_text_document(uri).source)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.changed(params.text_document.uri, None)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.soon(QUIET)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        server.soon(QUIET)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        return server.hover_at(params.text_document.uri, params.position)

    kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def actions(params: types.CodeActionParams) -> list[Offer]:
        return server.actions_at(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolved(action: types.CodeAction) -> types.CodeAction:
        return await server.resolve(action)

    @server.command(EXPLAIN)
    def explained(contract_id: str) -> str | None:
        return server.explain(contract_id)
