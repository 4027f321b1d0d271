"""Feature extractors, by full name."""
