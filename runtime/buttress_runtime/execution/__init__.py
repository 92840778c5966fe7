"""Execution of plugins along one fixed path: services, tool runner, isolation, plugin (seed 004)."""
