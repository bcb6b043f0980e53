"""Lessons that answer: tasks whose wants are checked against the kernel, hints, solutions, and what was done so far."""
