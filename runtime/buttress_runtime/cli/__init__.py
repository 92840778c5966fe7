"""The command line of the runtime, `buttress-runtime`."""
