-- The index file is written out and closed. DuckDB only.
DETACH segment;
