-- An index file, for reading; its name is the file's. DuckDB only.
ATTACH IF NOT EXISTS $path (READ_ONLY);
