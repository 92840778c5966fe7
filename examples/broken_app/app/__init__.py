"""A small service that runs plugins: API, three services, tool runner, registry, plugins."""
