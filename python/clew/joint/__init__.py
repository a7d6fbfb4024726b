"""4. Joint work of two organisations: neither hands over its records."""
