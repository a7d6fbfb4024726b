-- Keys of the new imports that another text of the store has (spec 2.3). read_duckdb is DuckDB's.
SELECT count(*)
FROM segment.parties AS new
JOIN read_duckdb($segments, table_name := 'parties') AS old ON old.key = new.key
WHERE old.canonical <> new.canonical;
