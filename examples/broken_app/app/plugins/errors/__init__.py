"""What can go wrong with a plugin, and how clients hear of it."""
