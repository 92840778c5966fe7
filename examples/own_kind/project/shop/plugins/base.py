"""What a plugin is."""


class Plugin:
    """Something that is run."""

    def run(self) -> str:
        """Run it."""
        return ""
