"""Notes of calls, for whoever reads them."""

from __future__ import annotations


class Audit:
    """The last calls."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, int, bool]] = []

    def note(self, plugin_name: str, elapsed_ms: int, *, had_error: bool) -> None:
        """Keep one note; `update_execution_metrics` is somebody else's business."""
        self.notes.append((plugin_name, elapsed_ms, had_error))
