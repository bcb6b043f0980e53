"""How frames are recorded, at any interface of any namespace."""
