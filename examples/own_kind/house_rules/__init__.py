"""House rules: kinds of contracts of our own, and a pack that uses them."""
