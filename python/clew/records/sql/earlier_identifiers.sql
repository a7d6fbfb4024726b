-- The identifiers that this operator gave to records of earlier imports, with what tells those records from others of
-- the same identifier. read_parquet is DuckDB's.
CREATE TABLE earlier_identifiers AS
SELECT DISTINCT operator_record, a_kind, a_key, b_kind, b_key, start, kind
FROM read_parquet($records)
WHERE operator_record IS NOT NULL;
