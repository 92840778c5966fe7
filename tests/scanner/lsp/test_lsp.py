"""The language server, asked over standard input and output by a client as editors are."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

COMMAND = "from buttress_scanner.cli.main import main; main()"
SECONDS = 60
FILES = {
    "buttress.toml": (
        '[[contract]]\nid = "one-caller"\nkind = "choke-point"\nprotect = "app.base:Plugin.run"\nonly = "app.runner"\n'
        'because = "Only the runner measures."\n\n'
        '[[contract]]\nid = "frozen"\nkind = "immutability"\ntypes = "app.data:Price"\nfrozen = true\nbecause = "Facts."\n'
    ),
    "app/base.py": "class Plugin:\n    def run(self) -> None:\n        print('x')\n",
    "app/runner.py": "from app.base import Plugin\n\n\ndef go(plugin: Plugin) -> None:\n    plugin.run()\n",
    "app/helper.py": "from app.base import Plugin\n\n\ndef call(thing):\n    return thing\n",
    "app/data.py": "from dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass Price:\n    sum: int\n",
}
WRONG = "from app.base import Plugin\n\n\ndef go(plugin: Plugin) -> None:\n    'ä𝄞'; plugin.run()\n"


class Editor:
    """A client that keeps the newest diagnostics of each file."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self._news = asyncio.Event()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.diagnostics[params.uri] = list(params.diagnostics)
            self._news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)  # type: ignore[untyped-decorator]
        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    def open(self, path: str, text: str | None = None) -> None:
        """Show a file, with its text on disk or another."""
        shown = (self.folder / path).read_text() if text is None else text
        item = types.TextDocumentItem(self.uri(path), "python", 1, shown)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, path: str, text: str, version: int = 2) -> None:
        """Change the text of an open file without saving it."""
        document = types.VersionedTextDocumentIdentifier(version, self.uri(path))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def until(self, path: str, condition: Callable[[list[types.Diagnostic]], bool]) -> list[types.Diagnostic]:
        """Wait until the diagnostics of a file are as they should be."""

        async def wait() -> list[types.Diagnostic]:
            while not (self.uri(path) in self.diagnostics and condition(self.diagnostics[self.uri(path)])):
                self._news.clear()
                await self._news.wait()
            return self.diagnostics[self.uri(path)]

        return await asyncio.wait_for(wait(), SECONDS)

    async def actions(self, path: str, line: int) -> list[types.CodeAction | types.Command]:
        """What the server offers to do at a line."""
        place = types.Range(types.Position(line, 0), types.Position(line, 0))
        context = types.CodeActionContext(self.diagnostics.get(self.uri(path), []))
        params = types.CodeActionParams(types.TextDocumentIdentifier(self.uri(path)), place, context)
        found = await asyncio.wait_for(self.client.text_document_code_action_async(params), SECONDS)
        return list(found or [])

    async def hover(self, path: str, line: int, character: int) -> str:
        """What the server says of a place."""
        params = types.HoverParams(types.TextDocumentIdentifier(self.uri(path)), types.Position(line, character))
        found = await asyncio.wait_for(self.client.text_document_hover_async(params), SECONDS)
        return found.contents.value if found is not None and isinstance(found.contents, types.MarkupContent) else ""


@asynccontextmanager
async def editor(folder: Path) -> AsyncIterator[Editor]:
    """Start the server as editors do and say hello."""
    client = LanguageClient("test", "1")
    await client.start_io(sys.executable, "-c", COMMAND, "lsp")
    shown = Editor(client, folder)
    workspace = [types.WorkspaceFolder(folder.as_uri(), "project")]
    await asyncio.wait_for(
        client.initialize_async(types.InitializeParams(types.ClientCapabilities(), workspace_folders=workspace)), SECONDS
    )
    client.initialized(types.InitializedParams())
    try:
        yield shown
    finally:
        await asyncio.wait_for(client.shutdown_async(None), SECONDS)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that keeps its contracts."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def _run(folder: Path, talk: Callable[[Editor], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with editor(folder) as shown:
            await talk(shown)

    asyncio.run(whole())


def test_findings_come_and_go_while_one_types(folder: Path) -> None:
    """Unsaved text is judged over the whole program, in the editor's columns, and nothing is written."""

    async def talk(shown: Editor) -> None:
        shown.open("app/helper.py")
        shown.type("app/helper.py", WRONG)
        found = await shown.until("app/helper.py", bool)
        assert [each.code for each in found] == ["one-caller"]
        assert (found[0].range.start.line, found[0].range.start.character) == (4, 11)  # UTF-16 units behind a clef
        assert "Only the runner measures." in found[0].message
        shown.type("app/helper.py", FILES["app/helper.py"], 3)
        await shown.until("app/helper.py", lambda each: not each)

    _run(folder, talk)
    assert (folder / "app/helper.py").read_text() == FILES["app/helper.py"]


def test_files_that_are_not_open_are_judged(folder: Path) -> None:
    """A change in one file shows in another, with the way as related places."""
    text = "from app.helper import call\nfrom app.base import Plugin\n\n\ndef go() -> None:\n    call(Plugin())\n"
    (folder / "app/web.py").write_text(text)

    async def talk(shown: Editor) -> None:
        shown.open("app/helper.py")
        shown.type("app/helper.py", "def call(thing):\n    return thing.run()\n")
        found = await shown.until("app/helper.py", bool)
        assert found[0].code == "one-caller"
        shown.type("app/helper.py", "def call(thing):\n    return getattr(thing, 'run')\n", 3)
        await shown.until("app/helper.py", lambda each: any("hands" in one.message or one.code == "one-caller" for one in each))

    _run(folder, talk)


def test_repair(folder: Path) -> None:
    """A repair is tried over the program when it is chosen, and comes as an edit."""

    async def talk(shown: Editor) -> None:
        shown.open("app/data.py")
        shown.type("app/data.py", FILES["app/data.py"].replace("(frozen=True)", ""))
        found = await shown.until("app/data.py", bool)
        actions = await shown.actions("app/data.py", found[0].range.start.line)
        repair = next(each for each in actions if each.title == "Declare `Price` frozen")
        assert isinstance(repair, types.CodeAction)
        resolved = await asyncio.wait_for(shown.client.code_action_resolve_async(repair), SECONDS)
        assert resolved.edit is not None
        assert resolved.edit.changes is not None
        (edit,) = resolved.edit.changes[shown.uri("app/data.py")]
        assert edit.new_text == FILES["app/data.py"]

    _run(folder, talk)


def test_accept_and_explain(folder: Path) -> None:
    """A finding is accepted by a comment that wants a reason, and explained on demand."""

    async def talk(shown: Editor) -> None:
        shown.open("app/helper.py", WRONG)
        await shown.until("app/helper.py", bool)
        actions = {each.title: each for each in await shown.actions("app/helper.py", 4)}
        accept = actions["Accept [one-caller] here, with a reason"]
        assert isinstance(accept, types.CodeAction)
        assert accept.edit is not None
        assert accept.edit.changes is not None
        (edit,) = accept.edit.changes[shown.uri("app/helper.py")]
        assert edit.new_text == "  # buttress: allow[one-caller] -- "
        accepted = WRONG.replace("plugin.run()\n", f"plugin.run(){edit.new_text}\n")
        shown.type("app/helper.py", accepted)
        await shown.until("app/helper.py", lambda each: any(one.code == "suppression" for one in each))
        shown.type("app/helper.py", accepted.replace("-- ", "-- the old host calls it itself until it is replaced"), 3)
        await shown.until("app/helper.py", lambda each: not each)
        command = actions["Explain [one-caller]"]
        assert isinstance(command, types.Command)
        params = types.ExecuteCommandParams(command.command, arguments=command.arguments)
        told = await asyncio.wait_for(shown.client.workspace_execute_command_async(params), SECONDS)
        assert "choke-point" in str(told)
        assert any("Only the runner measures." in each for each in shown.messages)

    _run(folder, talk)


def test_hover_tells_effects(folder: Path) -> None:
    """Over a definition and over a call stands what happens there."""

    async def talk(shown: Editor) -> None:
        shown.open("app/runner.py", FILES["app/runner.py"])
        shown.open("app/helper.py", WRONG)
        await shown.until("app/helper.py", bool)
        for path, line, character in (("app/base.py", 1, 9), ("app/runner.py", 4, 12), ("app/runner.py", 3, 5)):
            assert "**io.console**" in await shown.hover(path, line, character)
        assert await shown.hover("app/runner.py", 1, 0) == ""

    _run(folder, talk)


def test_a_broken_configuration_is_shown_where_it_is_broken(folder: Path) -> None:
    """Mistakes in the configuration and contracts that guard nothing are diagnostics too."""

    async def talk(shown: Editor) -> None:
        shown.open("buttress.toml", FILES["buttress.toml"].replace("choke-point", "choke-pint"))
        found = await shown.until("buttress.toml", bool)
        assert "choke-point" in found[0].message
        shown.type("buttress.toml", FILES["buttress.toml"].replace("app.base:Plugin.run", "app.base:Plugin.go"))
        found = await shown.until("buttress.toml", lambda each: any("guards nothing" in one.message for one in each))
        assert found[0].code == "one-caller"
        shown.type("buttress.toml", FILES["buttress.toml"], 3)
        await shown.until("buttress.toml", lambda each: not each)

    _run(folder, talk)


def test_without_a_configuration_nothing_is_said(tmp_path: Path) -> None:
    """A folder that nobody has configured is left alone, and becomes one when a configuration is written."""
    (tmp_path / "app.py").write_text("x = 1\n")

    async def talk(shown: Editor) -> None:
        shown.open("app.py")
        (tmp_path / "buttress.toml").write_text("[[contract]]\nid = 1\n")
        event = types.FileEvent(shown.uri("buttress.toml"), types.FileChangeType.Created)
        shown.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        assert await shown.until("buttress.toml", bool)
        assert shown.uri("app.py") not in shown.diagnostics

    _run(tmp_path, talk)


def test_without_the_extra(tmp_path: Path) -> None:
    """Where pygls is not installed, it is said what to install."""
    code = "import sys; sys.modules['pygls'] = None; sys.argv = ['buttress', 'lsp']\n"
    hidden = "import importlib.util as u; find = u.find_spec; u.find_spec = lambda n, *a: None if n == 'pygls' else find(n, *a)\n"
    run = subprocess.run(
        [sys.executable, "-c", hidden + code + COMMAND], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert 'pip install "buttress[lsp]"' in run.stderr
