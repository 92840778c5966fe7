"""The reference runtime: plans, executes and records work while keeping its architecture contracts."""
