-- Several index files as one. read_duckdb is DuckDB's.
CREATE TABLE segment.incidence AS
SELECT number, other, outgoing, kind, start, zone_offset, duration, record_id
FROM read_duckdb($segments, table_name := 'incidence')
ORDER BY number, start, record_id;
