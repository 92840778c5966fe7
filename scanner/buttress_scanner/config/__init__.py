"""The configuration file: its model, where it is found, packs that it extends, and its JSON Schema."""
