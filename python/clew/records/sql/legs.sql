-- Lines of one file with the same call identifier (spec 3.4). One of them counts: an answered one (kind 1) if there
-- is one, then the longest, then the first. `differ`: they disagree on kind or duration. read_parquet is DuckDB's.
CREATE TABLE legs AS
SELECT record_id, leader, differ
FROM (
  SELECT s.record_id,
    first_value(s.record_id) OVER (
      PARTITION BY s.call
      ORDER BY CASE WHEN s.kind = 1 THEN 0 ELSE 1 END, coalesce(s.duration, -1) DESC, s.start, s.record_id
    ) AS leader,
    min(s.kind) OVER call <> max(s.kind) OVER call
      OR min(coalesce(s.duration, -1)) OVER call <> max(coalesce(s.duration, -1)) OVER call AS differ,
    count(*) OVER call AS together
  FROM read_parquet($scanned) AS s
  LEFT JOIN duplicates AS d ON d.record_id = s.record_id
  WHERE s.call IS NOT NULL AND d.record_id IS NULL
  WINDOW call AS (PARTITION BY s.call)
) AS lines
WHERE together > 1;
