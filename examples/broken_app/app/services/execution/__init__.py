"""The three services: analysis over jobs over plugins."""
