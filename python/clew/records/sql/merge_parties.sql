-- The texts of several index files as one. read_duckdb is DuckDB's.
CREATE TABLE segment.parties AS
SELECT DISTINCT key, kind, canonical
FROM read_duckdb($segments, table_name := 'parties')
ORDER BY key;
