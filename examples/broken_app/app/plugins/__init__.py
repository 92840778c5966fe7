"""Plugins, and everything that surrounds a call of one."""
