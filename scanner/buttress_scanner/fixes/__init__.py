"""Repairing what contracts report: libcst codemods that are tried on a tree in memory before anything is written."""
