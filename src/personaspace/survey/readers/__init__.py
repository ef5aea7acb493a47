"""One reader per source of surveys."""
