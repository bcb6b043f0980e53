"""How journeys look: as tables, as trees, as comments in a file."""
