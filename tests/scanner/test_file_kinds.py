"""Kinds that read files: no content brings them down, every part has its line, and each contract can be seen to break."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress_scanner.api import load_config
from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.contracts._data import DataError, Part, Spot, read_data
from buttress_scanner.contracts._doc_id_patterns import IdPattern
from buttress_scanner.contracts._doc_id_registry import read_registry
from buttress_scanner.contracts._markdown import decoded, front_matter, headings, rows
from buttress_scanner.contracts._schema_errors import faults
from buttress_scanner.contracts._schemas import SchemaError, Schemas
from buttress_scanner.engine import run
from buttress_scanner.sabotage.run import Verdict, sabotage
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.tree import Overlay, WorkTree

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 1, 1)
PATTERN = IdPattern.build("[TYPE]-[SCOPE][MODULE]-[KIND]-[NNN]", types=["DOC"], scopes=["P1"], kinds=["DOC"])
ENDINGS = st.sampled_from([".json", ".jsonl", ".yaml", ".yml", ".toml", ".conf", ""])
PIECES = st.sampled_from(
    [
        *("{", "}", "[", "]", ":", ",", '"', "'", "\n", "  ", "- ", "a", "0", "true", "&x ", "*x", "<<: ", "---\n", "#", "|"),
        *("!!int ", "\t", "# ", "```\n", "| a |\n", "|---|\n", "DOC-P1M001-DOC-001", "../", "+++\n", "\r", "\x00", "é", "\\"),
        *("=", ">", "<!--", "1e999", "..."),
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=25).map("".join).map(str.encode), st.binary(max_size=40))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
SCHEMAS: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(
        [{}, {"type": "string"}, {"type": "object"}, {"enum": [1, "a"]}, {"minimum": 3}, {"maxItems": 1}, {"required": ["a"]}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda each: {"items": each}, inner),
        st.builds(lambda each: {"additionalProperties": each}, inner),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
        st.builds(lambda one, other: {"oneOf": [one, other], "unevaluatedProperties": False}, inner, inner),
        st.builds(lambda each: {"propertyNames": each, "additionalProperties": False}, inner),
        st.builds(lambda one, other: {"if": one, "then": other, "prefixItems": [one]}, inner, inner),
    ),
    max_leaves=5,
)  # fmt: skip


def outcome(path: str, data: bytes) -> list[Part] | DataError:
    """The documents of a file, or why there are none."""
    try:
        return read_data(path, data)
    except DataError as error:
        return error


def places(part: Part) -> list[tuple[object, Spot]]:
    """Every scalar of a document, and every empty container, with its place."""
    inner = [*part.named.values(), *part.listed]
    return [place for each in inner for place in places(each)] if inner else [(part.value, part.spot)]


@settings(deadline=None, max_examples=300)
@given(ENDINGS, TEXTS)
def test_no_document_brings_the_reader_down(ending: str, data: bytes) -> None:
    """Whatever a file holds is read, or refused with a line that the file has."""
    lines = max(data.count(b"\n"), data.count(b"\r"), 0) + 1
    read = outcome(f"a{ending}", data)
    if isinstance(read, DataError):
        assert 1 <= read.line <= lines
        assert str(read)
    else:
        assert all(1 <= line <= lines + 1 and column >= 1 for part in read for _, (line, column) in places(part))


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_no_document_brings_the_readers_of_text_down(data: bytes) -> None:
    """Markdown, front matter and registries in every form are read, or refused with a line."""
    text = decoded(data)
    assert all(1 <= heading.line <= text.count("\n") + 1 for heading in headings(text))
    assert all(line >= 0 for line, _ in rows(text))
    front = front_matter(text)
    assert front is None or front.language in ("yaml", "toml")
    for path in ("r.md", "r.csv", "r.json", "r.yaml", "r.toml", "r.txt"):
        with suppress(DataError):
            assert all(entry.line >= 1 for entry in read_registry(path, data, PATTERN))


@settings(deadline=None, max_examples=150)
@given(VALUES)
def test_every_language_gives_the_same_values_with_lines(value: object) -> None:
    """What a library writes as JSON or YAML is read as the same value, and every scalar stands in the line of its text."""
    for path, text in (("a.json", json.dumps(value, indent=1)), ("a.yaml", yaml.safe_dump(value, default_style='"'))):
        (part,) = read_data(path, text.encode())
        assert part.value == value
        if path == "a.json":
            lines = text.split("\n")
            assert all(lines[line - 1][column - 1 :].startswith(json.dumps(scalar)) for scalar, (line, column) in places(part))


def test_lines_of_yaml_are_those_of_editors() -> None:
    """Characters that only YAML 1.1 takes for line ends, and ends of two characters, begin no further line."""
    (part,) = read_data("a.yaml", "a: 'x\u2028y\x85z'\r\nb: 1\n# \u2029\nc: {d: 2}\n".encode())
    assert [spot for _, spot in places(part)] == [(1, 4), (2, 4), (4, 8)]


@settings(deadline=None, max_examples=200)
@given(SCHEMAS, VALUES)
def test_no_schema_brings_the_check_down(schema: object, value: object) -> None:
    """Any schema judges any document: what is refused has a line of the document, and one fault for each value."""
    text = json.dumps(value, indent=1)
    (part,) = read_data("a.json", text.encode())
    found = faults(part, Schemas(Documents()).validator(schema))
    assert len({fault.pointer for fault in found}) == len(found)
    assert all(1 <= fault.line <= text.count("\n") + 1 and fault.message for fault in found)
    assert found == faults(part, Schemas(Documents()).validator(schema))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "objekt"}, "at type"),
        ({"$ref": "gone.json"}, "gone.json"),
        ({"$ref": "#/$defs/gone"}, "gone"),
        ({"$ref": "https://example.com/schema.json"}, "example.com"),
        ({"pattern": "("}, "is not a 'regex'"),
        ({"$ref": "#"}, "nested too deeply"),
    ],
    ids=["no-schema", "missing-file", "missing-part", "network", "pattern", "endless"],
)
def test_schemas_that_cannot_be_used_say_why(schema: object, reason: str) -> None:
    """A schema that cannot be applied is told apart from a document that it refuses."""
    with pytest.raises(SchemaError) as caught:
        faults(Part((1, 1), "a"), Schemas(Documents()).validator(schema))
    assert reason in str(caught.value)


CONFIGURATION = """\
[[contract]]
id = "names"
kind = "naming"
forbid-pattern = "(?i)phase_?[0-9]+"
because = "b"

[[contract]]
id = "suite"
kind = "required-files"
modules = ["services/*"]
required = ["SPEC.md"]
sections = { "README.md" = ["Use"] }
because = "b"

[[contract]]
id = "ids"
kind = "doc-ids"
pattern = "[TYPE]-[KIND][NNNN]"
types = ["ADR"]
kinds = { A = "adr" }
registry = "adr/index.md"
because = "b"

[[contract]]
id = "plans"
kind = "document-schemas"
files = ["plans/*.json"]
schema = { required = ["id"], type = "object" }
because = "b"
"""
FILES = {
    "app/main.py": "def main() -> int:\n    return 0\n",
    "services/billing/SPEC.md": "# Billing\n",
    "services/billing/README.md": "# Use\n",
    "services/billing/main.py": "",
    "adr/ADR-A0001-one.md": "# One\n",
    "adr/index.md": "- ADR-A0001: ADR-A0001-one.md\n",
    "plans/a.json": '{"id": 1}\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that keeps a contract of each kind."""
    for path, text in {**FILES, "buttress.toml": CONFIGURATION}.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return tmp_path


def test_every_kind_can_be_sabotaged(project: Path) -> None:
    """Each way of breaking each contract turns the report red at the place where it was broken."""
    outcomes = sabotage(load_config(project), today=TODAY)
    assert {outcome.contract: (outcome.verdict, len(outcome.attempts)) for outcome in outcomes} == {
        "names": (Verdict.RED, 2),
        "suite": (Verdict.RED, 2),
        "ids": (Verdict.RED, 3),
        "plans": (Verdict.RED, 1),
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"plans/a.json": b"{\n"}, [("plans/a.json", 1, "plans")]),
        ({"services/billing/SPEC.md": None}, [("services/billing/SPEC.md", 0, "suite")]),
        ({"docs/phase12.txt": b""}, [("docs/phase12.txt", 0, "names")]),
        ({"adr/ADR-A0001-one.md": None}, [("adr/index.md", 1, "ids")]),
    ],
    ids=["as-it-is", "changed", "removed", "added", "unregistered"],
)
def test_any_tree_is_judged(project: Path, changes: dict[str, bytes | None], expected: list[tuple[str, int, str]]) -> None:
    """What is judged are the files of the tree that is checked, not those on disk."""
    loaded = load_config(project)
    report = run(loaded, today=TODAY, tree=Overlay(WorkTree(project), changes))
    assert [(f.position.path, f.position.line, f.contract) for f in report.findings] == expected


def test_exemptions_may_name_files_that_hold_no_code(project: Path) -> None:
    """An exemption of a contract about files has effect on any file, one that is missing included; another one is reported."""
    entries = ["", "exempt = [", *(f'{{ path = "{path}", reason = "r" }},' for path in ("services/billing/SPEC.md", "gone")), "]"]
    modules = 'modules = ["services/*"]'
    text = CONFIGURATION.replace(modules, modules + "\n".join(entries))
    (project / "buttress.toml").write_text(text)
    (project / "services/billing/SPEC.md").unlink()
    report = run(load_config(project), today=TODAY)
    assert report.findings == ()
    assert [(problem.line, problem.message) for problem in report.errors] == [
        (13, "the exemption is without effect: no file matches the path 'gone'")
    ]


def test_a_file_that_is_demanded_and_forbidden(project: Path) -> None:
    """A contract that demands a file and one that forbids its name contradict each other, and are both named."""
    text = CONFIGURATION.replace('required = ["SPEC.md"]', 'required = ["SPEC.md", "PHASE_1.md"]')
    (project / "buttress.toml").write_text(text)
    (project / "services/billing/PHASE_1.md").write_text("# One\n")
    report = run(load_config(project), today=TODAY)
    (problem,) = report.errors
    assert "'names'" in problem.message
    assert "'suite'" in problem.message
    assert "services/billing/PHASE_1.md" in problem.message


MISTAKES = {
    "no expression": ('kind = "naming"\nforbid-pattern = "("', 5, "`forbid-pattern`: '(' is no regular expression"),
    "no sort of name": ('kind = "naming"\nforbid-pattern = "x"\napplies-to = "klass"', 6, "`applies-to` has the value 'klass'"),
    "no pattern": ('kind = "doc-ids"\npattern = "ADR"', 5, "`pattern`: the pattern 'ADR' has no place that differs"),
    "an unknown place": (
        'kind = "doc-ids"\npattern = "[TYP]-[NNN]"',
        5,
        "`pattern`: the pattern '[TYP]-[NNN]' has an unknown place [TYP]",
    ),
    "no module": (
        'kind = "doc-ids"\npattern = "[NNN]"\nmodule-pattern = "("',
        6,
        "`module-pattern`: '(' is no regular expression",
    ),
    "outside": ('kind = "required-files"\nrequired = "a"\nmodules = "../a"', 6, "`modules`: '../a' leaves the folder"),
    "nothing": ('kind = "required-files"\nmodules = "."', 3, "nothing is required: give `required` or `sections`"),
    "no schema": (
        'kind = "document-schemas"\nfiles = "a"\nschema = {type = "x"}',
        6,
        "`schema`: the schema is no JSON Schema: at type",
    ),
    "a number": ('kind = "document-schemas"\nfiles = "a"\nschema = 3', 6, "`schema`: a schema is the path of a file, or a table"),
    "far away": ('kind = "document-schemas"\nfiles = "a"\nschema = "/a.json"', 6, "`schema`: the schema '/a.json' lies outside"),
}


@pytest.mark.parametrize(("fields", "line", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_the_configuration_are_told(tmp_path: Path, fields: str, line: int, message: str) -> None:
    """What makes no sense is told at its line before anything is checked."""
    (tmp_path / "buttress.toml").write_text(f'\nexempt = []\n[[contract]]\n{fields}\nid = "x"\nbecause = "b"\n')
    with pytest.raises(ConfigurationError) as caught:
        load_config(tmp_path)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert problem.message.startswith(message)


def test_names_in_patterns_and_schemas_are_no_zones(project: Path) -> None:
    """An `@` at the start of a text in a pattern or a schema names no zone."""
    text = CONFIGURATION.replace('"(?i)phase_?[0-9]+"', '"@phase"').replace('["id"]', '["id", "@type"]')
    (project / "buttress.toml").write_text(text)
    assert [f.position.path for f in run(load_config(project), today=TODAY).findings] == ["plans/a.json"]
