-- Missed calls that were called or written back to within the hour after they began (spec graph 3.1), by pair.
-- What came back within the hour began in the clock hour of the missed call or in the next: joined by those, a pair
-- with very many contacts costs no more than its length. Calls missed at one moment count apart: `times`.
WITH missed AS (
  SELECT pair, ab, moment, moment - moment % 3600000000 AS hour, count(*) AS times
  FROM contacts
  WHERE kind = 3
  GROUP BY pair, ab, moment
), awaited AS (
  SELECT pair, ab, moment, hour, times FROM missed
  UNION ALL
  SELECT pair, ab, moment, hour + 3600000000, times FROM missed
), answered AS (
  SELECT w.pair, w.ab, w.moment, max(w.times) AS times
  FROM awaited AS w
  JOIN contacts AS c ON c.pair = w.pair AND c.ab <> w.ab AND c.moment - c.moment % 3600000000 = w.hour
  WHERE c.kind IN (1, 2) AND c.moment > w.moment AND c.moment <= w.moment + 3600000000
  GROUP BY w.pair, w.ab, w.moment
)
SELECT pair,
  CAST(coalesce(sum(times) FILTER (WHERE NOT ab), 0) AS INTEGER) AS callbacks_ab,
  CAST(coalesce(sum(times) FILTER (WHERE ab), 0) AS INTEGER) AS callbacks_ba
FROM answered
GROUP BY pair
