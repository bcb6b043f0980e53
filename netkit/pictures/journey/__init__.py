"""Knows where everything of a picture of a journey stands: ladder diagrams, and trails over a network."""
