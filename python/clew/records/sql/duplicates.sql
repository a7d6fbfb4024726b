-- Records whose identifier the same operator gave before (spec 3.4): in an earlier import, or in this file.
-- read_parquet is DuckDB's.
CREATE TABLE duplicates AS
SELECT record_id
FROM (
  SELECT record_id, operator_record,
    row_number() OVER (PARTITION BY operator_record ORDER BY record_id) AS occurrence
  FROM read_parquet($scanned)
  WHERE operator_record IS NOT NULL
) AS fresh
WHERE occurrence > 1
  OR operator_record IN (SELECT operator_record FROM earlier_identifiers);
