-- The identifiers that this operator gave to records of earlier imports. read_parquet is DuckDB's.
CREATE TABLE earlier_identifiers AS
SELECT DISTINCT operator_record
FROM read_parquet($records)
WHERE operator_record IS NOT NULL;
