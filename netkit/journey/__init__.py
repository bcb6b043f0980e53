"""Knows how captures, netfilter's reports and snapshots become the journeys of single packets."""
