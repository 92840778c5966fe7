"""What library functions do when they run: data in TOML files, and how they are read."""
