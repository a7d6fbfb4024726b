-- Records that the same operator gave before under the same identifier (spec 3.4), in an earlier import or in this
-- file: with the same parties, start and kind, for operators count from one again. read_parquet is DuckDB's.
CREATE TABLE duplicates AS
SELECT f.record_id
FROM (
  SELECT record_id, operator_record, a_kind, a_key, b_kind, b_key, start, kind,
    row_number() OVER (
      PARTITION BY operator_record, a_kind, a_key, b_kind, b_key, start, kind ORDER BY record_id
    ) AS occurrence
  FROM read_parquet($scanned)
  WHERE operator_record IS NOT NULL
) AS f
LEFT JOIN earlier_identifiers AS e ON e.operator_record = f.operator_record AND e.start = f.start AND e.kind = f.kind
  AND e.a_kind = f.a_kind AND e.a_key IS NOT DISTINCT FROM f.a_key
  AND e.b_kind = f.b_kind AND e.b_key IS NOT DISTINCT FROM f.b_key
WHERE f.occurrence > 1 OR e.operator_record IS NOT NULL;
