-- From here on there may be many numbers. DuckDB only.
RESET threads;
