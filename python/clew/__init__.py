"""Call records, warrants, traces: the library behind the clew command."""
