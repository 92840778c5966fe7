"""Where plugins run."""
