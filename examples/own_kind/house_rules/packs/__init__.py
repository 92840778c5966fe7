"""Packs: TOML files beside this module."""
