"""The world of its own that a notebook's kernel lives in: how it is made, entered and examined."""
