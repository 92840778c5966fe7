"""The files of a scanned project: which they are, what they are called, and their syntax trees."""
