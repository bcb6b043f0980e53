"""How an address is asked for an answer, and how answers are given."""
