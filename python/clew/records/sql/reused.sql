-- Records that are no duplicates and whose identifier the same operator gave to another record as well (spec 3.4).
-- UNION leaves each record once. read_parquet is DuckDB's.
CREATE TABLE reused AS
SELECT s.record_id
FROM read_parquet($scanned) AS s
JOIN (
  SELECT operator_record
  FROM (
    SELECT operator_record, a_kind, a_key, b_kind, b_key, start, kind
    FROM read_parquet($scanned)
    WHERE operator_record IS NOT NULL
    UNION
    SELECT operator_record, a_kind, a_key, b_kind, b_key, start, kind
    FROM earlier_identifiers
  ) AS given
  GROUP BY operator_record
  HAVING count(*) > 1
) AS many ON many.operator_record = s.operator_record
LEFT JOIN duplicates AS d ON d.record_id = s.record_id
WHERE d.record_id IS NULL;
