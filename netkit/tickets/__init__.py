"""Tickets: networks that somebody has broken, for a learner to mend; and hidden ones, to be built anew."""
