-- Contacts by pair, kind, way and hour of the week: how many, their known seconds, the first and the last. Hours go by
-- the wall clock of the original record, Monday 00:00 first. `wall` counts microseconds from a Monday: 1970-01-01 was a
-- Thursday, 72 hours after one. A week has 604,800,000,000 of them.
SELECT pair, kind, ab,
  CAST(floor((wall % 604800000000 + 604800000000) % 604800000000 / 3600000000) AS INTEGER) AS hour,
  CAST(count(*) AS INTEGER) AS contacts, CAST(coalesce(sum(duration), 0) AS BIGINT) AS seconds,
  min(moment) AS first, max(moment) AS last
FROM (
  SELECT pair, kind, ab, duration, moment, moment + 259200000000 + CAST(zone_offset AS BIGINT) * 60000000 AS wall
  FROM contacts
) AS c
GROUP BY 1, 2, 3, 4
