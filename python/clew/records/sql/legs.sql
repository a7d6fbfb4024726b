-- Lines of one file with the same call identifier, cut where their starts lie more than ten minutes apart (spec 3.4):
-- what begins later under the same identifier is another call. One line counts: an answered one (kind 1) if there is
-- one, then the longest, then the first. `differ`: they disagree on kind or duration. Lines among which one has no end
-- in common with the one that would count are no legs: `leader` is null, and the identifier is `reused`, as it is where
-- it stands at several calls. read_parquet is DuckDB's.
CREATE TABLE legs AS
WITH lines AS (
  SELECT s.record_id, s.call, s.kind, s.duration, s.start, s.a_key, s.b_key,
    CASE WHEN epoch_us(s.start) - lag(epoch_us(s.start)) OVER (PARTITION BY s.call ORDER BY s.start, s.record_id)
      > 600000000 THEN 1 ELSE 0 END AS later
  FROM read_parquet($scanned) AS s
  LEFT JOIN duplicates AS d ON d.record_id = s.record_id
  WHERE s.call IS NOT NULL AND d.record_id IS NULL
),
parts AS (
  SELECT record_id, call, kind, duration, start, a_key, b_key,
    sum(later) OVER (PARTITION BY call ORDER BY start, record_id) AS part
  FROM lines
),
ranked AS (
  SELECT record_id, call, part, a_key, b_key,
    first_value(record_id) OVER best AS leader,
    first_value(a_key) OVER best AS leader_a,
    first_value(b_key) OVER best AS leader_b,
    min(kind) OVER whole <> max(kind) OVER whole
      OR min(coalesce(duration, -1)) OVER whole <> max(coalesce(duration, -1)) OVER whole AS differ,
    count(*) OVER whole AS together,
    max(part) OVER (PARTITION BY call) > 0 AS several
  FROM parts
  WINDOW whole AS (PARTITION BY call, part),
    best AS (
      PARTITION BY call, part
      ORDER BY CASE WHEN kind = 1 THEN 0 ELSE 1 END, coalesce(duration, -1) DESC, start, record_id
    )
),
judged AS (
  SELECT record_id, leader, differ, together, several,
    max(
      CASE WHEN record_id = leader OR a_key IN (leader_a, leader_b) OR b_key IN (leader_a, leader_b) THEN 0 ELSE 1 END
    ) OVER (PARTITION BY call, part) = 1 AS strangers
  FROM ranked
)
SELECT record_id,
  CASE WHEN together > 1 AND NOT strangers THEN leader END AS leader,
  differ AND together > 1 AND NOT strangers AS differ,
  several OR strangers AS reused
FROM judged
WHERE together > 1 OR several;
