"""The contract kinds: each is a module with its configuration and check, and a page beside it."""
