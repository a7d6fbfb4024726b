-- Records of one call from two operators (spec 3.4): same parties, both calls or both messages (kind 2), starts within
-- the tolerance, each the other's nearest. `slot` cuts time so that equal slots or neighbours hold all candidates.
-- A call that already has a record of this operator takes no other. read_parquet is DuckDB's.
CREATE TABLE twins AS
WITH fresh AS (
  SELECT s.record_id, s.a_key, s.b_key, s.kind, s.duration, epoch_us(s.start) AS moment, s.kind = 2 AS message
  FROM read_parquet($scanned) AS s
  LEFT JOIN duplicates AS d ON d.record_id = s.record_id
  LEFT JOIN legs AS l ON l.record_id = s.record_id AND l.leader <> s.record_id
  WHERE d.record_id IS NULL AND l.record_id IS NULL
    AND s.kind BETWEEN 1 AND 4 AND s.a_key IS NOT NULL AND s.b_key IS NOT NULL
),
taken AS (
  SELECT leg_group
  FROM read_parquet($own)
  WHERE leg_group IS NOT NULL AND leg_group <> record_id
),
older AS (
  SELECT o.record_id, o.a_key, o.b_key, o.kind, o.duration, epoch_us(o.start) AS moment, o.kind = 2 AS message
  FROM read_parquet($others) AS o
  LEFT JOIN taken AS t ON t.leg_group = o.record_id
  WHERE t.leg_group IS NULL AND (o.flags & 32) = 0
    AND o.kind BETWEEN 1 AND 4 AND o.a_key IS NOT NULL AND o.b_key IS NOT NULL
    AND epoch_us(o.start) BETWEEN (SELECT min(moment) FROM fresh) - $tolerance AND (SELECT max(moment) FROM fresh) + $tolerance
),
slots AS (
  SELECT record_id, a_key, b_key, kind, duration, moment, message, moment // ($tolerance + 1) + step AS slot
  FROM older
  CROSS JOIN (VALUES (-1), (0), (1)) AS steps (step)
),
candidates AS (
  SELECT f.record_id AS fresh, o.record_id AS old, abs(f.moment - o.moment) AS distance,
    f.kind <> o.kind OR abs(coalesce(f.duration, -1) - coalesce(o.duration, -1)) > 2 AS differ
  FROM fresh AS f
  JOIN slots AS o ON o.a_key = f.a_key AND o.b_key = f.b_key AND o.message = f.message
    AND o.slot = f.moment // ($tolerance + 1)
  WHERE abs(f.moment - o.moment) <= $tolerance
),
ranked AS (
  SELECT fresh, old, differ,
    row_number() OVER (PARTITION BY fresh ORDER BY distance, old) AS of_fresh,
    row_number() OVER (PARTITION BY old ORDER BY distance, fresh) AS of_old
  FROM candidates
)
SELECT fresh, old, differ FROM ranked WHERE of_fresh = 1 AND of_old = 1;
