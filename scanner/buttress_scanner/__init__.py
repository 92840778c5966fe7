"""buttress: architecture rules as contracts, proved over the whole program."""
