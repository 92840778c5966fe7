"""The program: many files' facts joined into names, classes, values, calls, effects and control flow."""

from buttress_scanner.program.program import Program, Subject

__all__ = ["Program", "Subject"]
