"""Small helpers that know nothing of plugins."""
