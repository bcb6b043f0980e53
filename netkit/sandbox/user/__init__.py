"""The user world: how it is made of Linux namespaces, stage by stage, and entered."""
