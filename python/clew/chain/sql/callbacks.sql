-- Missed calls that were called or written back to (spec graph 3.1), by pair. Only pairs with a missed call one way and
-- a call or message the other way are sorted. The window runs from the latest contact to the earliest; at one moment
-- the missed calls come last, so that `min` sees only calls and messages that began strictly later.
WITH candidates AS (
  SELECT pair FROM contacts GROUP BY pair
  HAVING (count(*) FILTER (WHERE kind = 3 AND NOT ab) > 0 AND count(*) FILTER (WHERE kind IN (1, 2) AND ab) > 0)
    OR (count(*) FILTER (WHERE kind = 3 AND ab) > 0 AND count(*) FILTER (WHERE kind IN (1, 2) AND NOT ab) > 0)
),
followed AS (
  SELECT c.pair, c.kind, c.ab, c.moment,
    min(CASE WHEN c.kind IN (1, 2) AND c.ab THEN c.moment END) OVER later AS next_ab,
    min(CASE WHEN c.kind IN (1, 2) AND NOT c.ab THEN c.moment END) OVER later AS next_ba
  FROM contacts AS c JOIN candidates AS k ON k.pair = c.pair
  WHERE c.kind IN (1, 2, 3)
  WINDOW later AS (
    PARTITION BY c.pair ORDER BY c.moment DESC, CASE WHEN c.kind = 3 THEN 0 ELSE 1 END
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT pair,
  count(*) FILTER (WHERE NOT ab AND next_ab - moment <= 3600000000) AS callbacks_ab,
  count(*) FILTER (WHERE ab AND next_ba - moment <= 3600000000) AS callbacks_ba
FROM followed
WHERE kind = 3
GROUP BY pair
