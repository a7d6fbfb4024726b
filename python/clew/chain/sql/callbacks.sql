-- Missed calls that were called or written back to (spec graph 3.1), by pair. Only pairs with a missed call are sorted.
-- The window runs from the latest contact to the earliest; at one moment the missed calls come first, so that `min` at
-- a missed call sees only calls and messages that began strictly later.
WITH followed AS (
  SELECT pair, kind, ab, moment,
    min(CASE WHEN kind IN (1, 2) AND ab THEN moment END) OVER later AS next_ab,
    min(CASE WHEN kind IN (1, 2) AND NOT ab THEN moment END) OVER later AS next_ba
  FROM contacts
  WHERE kind IN (1, 2, 3) AND pair IN (SELECT pair FROM contacts WHERE kind = 3)
  WINDOW later AS (
    PARTITION BY pair ORDER BY moment DESC, CASE WHEN kind = 3 THEN 0 ELSE 1 END
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT pair,
  CAST(count(*) FILTER (WHERE NOT ab AND next_ab - moment <= 3600000000) AS INTEGER) AS callbacks_ab,
  CAST(count(*) FILTER (WHERE ab AND next_ba - moment <= 3600000000) AS INTEGER) AS callbacks_ba
FROM followed
WHERE kind = 3
GROUP BY pair
