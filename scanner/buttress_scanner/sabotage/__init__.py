"""The self-test of contracts: break each of them in memory, and see the report turn red."""
