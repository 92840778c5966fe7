"""What the service does, apart from how it is asked and how plugins do it."""
