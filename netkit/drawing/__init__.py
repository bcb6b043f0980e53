"""Pictures of snapshots: artists that draw on a given matplotlib axes."""
