-- The units that are duplicates, as rows of REJECTS. read_parquet is DuckDB's.
SELECT CAST(s.record_id % 68719476736 AS BIGINT) AS unit, s."offset", CAST(s.length AS BIGINT) AS length,
  'duplicate' AS reason, CAST(NULL AS VARCHAR) AS masked
FROM read_parquet($scanned) AS s
JOIN duplicates AS d ON d.record_id = s.record_id
ORDER BY unit;
