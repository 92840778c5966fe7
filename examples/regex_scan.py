#!/usr/bin/env python3
"""The usual script: it searches text for what must not be there. It prints PASSED for broken_app as well, which is the point.

Usage: regex_scan.py FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

RUNNER = "app/plugins/runtime/tool_runner.py"
FORBIDDEN = (
    ("plugin run outside of the tool runner", r"plugin\.run\(|\.run\(payload", rf"(?!{RUNNER})"),
    ("state of a job that has not ended in the API", r"JobState\.(PENDING|RUNNING)", "app/api/"),
    ("clock in validation", r"import (time|datetime)|time\.|datetime\.", "app/plugins/validation/"),
    ("import upwards", r"(?m)^(from|import) (app|\.+)\.?(services|api)", "app/(plugins|util)/"),
)
REQUIRED = (
    ("finally block", r"finally:", RUNNER),
    ("update of the metrics", r"update_execution_metrics\(", RUNNER),
    ("output is validated", r"validate_plugin_output", RUNNER),
    ("signature of run", r"def run\(self, plugin_name: str, payload: dict", RUNNER),
    ("jobs are settled in finally", r"(?s)finally:\s+\S+\.settle\(", "app/services/execution/job_execution.py"),
)


def main(root: Path) -> int:
    """Print what the patterns find, and the verdict."""
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}
    bad = [
        f"{name}: {rule}"
        for rule, text, where in FORBIDDEN
        for name in texts
        if re.match(where, name) and re.search(text, texts[name])
    ]
    bad += [f"{name}: no {rule}" for rule, text, name in REQUIRED if not re.search(text, texts[name])]
    print("\n".join([*bad, "FAILED" if bad else "PASSED"]))
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "app").is_dir():
        sys.exit("usage: regex_scan.py FOLDER (examples/governed_app or examples/broken_app)")
    sys.exit(main(Path(sys.argv[1])))
