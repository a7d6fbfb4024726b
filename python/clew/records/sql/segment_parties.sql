-- The texts of parties whose key does not tell them: all that are not E.164 (kind 1). read_parquet is DuckDB's.
CREATE TABLE segment.parties AS
SELECT DISTINCT key, kind, canonical
FROM read_parquet($numbers)
WHERE kind <> 1 AND key IS NOT NULL
ORDER BY key;
