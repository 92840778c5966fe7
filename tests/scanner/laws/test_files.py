"""Laws about files: what one file says, and what is found, depends on no file that has nothing to do with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.facts import FileFacts, build_facts
from buttress_scanner.program import Program
from buttress_scanner.source.model import SourceFile
from tests.scanner.laws import splitting
from tests.scanner.laws.corpus import SAMPLES, Sample, module_of
from tests.scanner.laws.laws import Law
from tests.scanner.laws.probes import View, check, deeds, difference, original, probes
from tests.scanner.laws.test_laws import chosen_places, laws

if TYPE_CHECKING:
    from buttress_scanner.findings.report_model import Report

samples = st.sampled_from(SAMPLES)


def source(path: str, text: str) -> SourceFile:
    """A file of a program."""
    return SourceFile(path, module_of(path), path.endswith("__init__.py"), is_stub=False, data=text.encode(), digest="")


def plain(value: object) -> object:
    """Facts as plain lists, in which everything shows."""
    if is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [[plain(key), plain(item)] for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return [type(value).__name__, repr(value)]


def facts_of(text: str) -> object:
    """The facts of a file, built alone."""
    facts = build_facts(source("alone.py", text))
    assert isinstance(facts, FileFacts)
    return plain(facts)


@laws
@given(samples, st.lists(samples, max_size=3))
def test_facts_depend_on_one_file(sample: Sample, others: list[Sample]) -> None:
    """A file has the same facts alone, among other files, and after the program has been solved."""
    alone = facts_of(sample.text)
    files = {f"p{n}/{path}": text for n, other in enumerate(others) for path, text in other.files.items()}
    program = Program.build([source(path, text) for path, text in {**files, "alone.py": sample.text}.items()], {})
    assert plain(program.modules["alone"].facts) == alone
    program.solve()
    assert plain(program.modules["alone"].facts) == alone


def test_facts_that_remember_are_noticed() -> None:
    """The comparison sees a number that counts up from file to file."""
    first, second = build_facts(source("a.py", "x = 1\n")), build_facts(source("b.py", "x = 1\n"))
    assert isinstance(first, FileFacts)
    assert isinstance(second, FileFacts)
    assert plain(first) == plain(second)
    second.bodies[0].index += 1
    assert plain(first) != plain(second)


@laws
@given(samples, samples)
def test_unrelated_files_change_nothing(sample: Sample, other: Sample) -> None:
    """A module that the program does not import, and that does not import the program, changes no finding."""
    configuration, report = original(sample)
    files = {f"elsewhere/{path}": text for path, text in other.files.items()}
    after = check(sample.with_files(files), configuration)
    assert not difference(deeds(report, sample.files), deeds(after, {**sample.files, **files}))
    assert [(f.fingerprint, f.position) for f in after.findings] == [(f.fingerprint, f.position) for f in report.findings]


def test_related_files_are_noticed() -> None:
    """A file that does have to do with the program shows: it uses what nothing else used, and has effects."""
    sample = Sample(
        "two", "app/a.py", {"app/a.py": "import time\n\n\ndef now():\n    return time.time()\n\n\ndef f():\n    return now()\n"}
    )
    configuration, report = original_of(sample)
    other = {"app/b.py": "from app.a import f, now\n\nf()\nnow()\n"}
    assert difference(deeds(report, sample.files), deeds(check(sample.with_files(other), configuration), sample.files))


def original_of(sample: Sample) -> tuple[str, Report]:
    """The contracts about a sample that is not one of the corpus, and the report."""
    configuration = probes(sample)
    return configuration, check(sample, configuration)


@laws
@given(samples)
def test_order_of_files_changes_nothing(sample: Sample) -> None:
    """Files may be found in any order."""
    configuration, report = original(sample)
    paths = sorted(sample.files, reverse=True)
    again = check(Sample(sample.name, sample.subject, {path: sample.files[path] for path in paths}), configuration)
    assert again.findings == report.findings


HASHES = """
import json, sys
from tests.scanner.laws.corpus import SAMPLES
from tests.scanner.laws.probes import original
reports = [original(SAMPLES[number])[1] for number in json.loads(sys.argv[1])]
print(json.dumps([[f.fingerprint, str(f.position), f.message, str(f.evidence)] for r in reports for f in r.findings]))
"""


def test_hash_seed_changes_nothing() -> None:
    """Under another hash seed the reports are the same to the last word, evidence included."""
    chosen = json.dumps(list(range(0, len(SAMPLES), 9)))
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root), str(root / "scanner")])

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, "-c", HASHES, chosen], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    first = run("1")
    assert len(json.loads(first)) > 100
    assert run("2") == first


@laws
@given(data=st.data())
def test_splitting_changes_only_paths(data: st.DataObject) -> None:
    """A module of which a part has moved to another, and is imported back, gives the same findings in one file or the other."""
    sample = data.draw(samples, label="module")
    package, module = sample.subject.rpartition("/")[0].replace("/", "."), module_of(sample.subject)
    view = View(
        symbol=lambda symbol: symbol.replace(f"{package}.{splitting.NEW}", module),
        sink=lambda finding: finding.sink if finding.confidence == "proven" else finding.sink.rpartition(" ")[0],
        kinds=lambda kind: kind not in ("import-layers", "enum-zone"),
    )
    law = Law(lambda s: len(splitting.movable(s.text)), splitting.split, view)
    chosen = chosen_places(data, law, sample)
    configuration, report = original(sample)
    changed = splitting.split(sample, chosen)
    zone = json.dumps([module_of(path) for path in sample.files])
    wider = configuration.replace(f"zone = {zone}", f"zone = {json.dumps([module_of(path) for path in changed.files])}")
    after = deeds(check(changed, wider), changed.files, view)
    assert not difference(deeds(report, sample.files, view), after)
