-- Contacts by pair and hour of the week, Monday 00:00 first, by the wall clock of the original record. `wall` counts
-- microseconds from a Monday: 1970-01-01 was a Thursday, 72 hours after one. A week has 604,800,000,000 of them.
SELECT pair, CAST(floor((wall % 604800000000 + 604800000000) % 604800000000 / 3600000000) AS INTEGER) AS hour,
  CAST(count(*) AS INTEGER) AS contacts
FROM (SELECT pair, moment + 259200000000 + CAST(zone_offset AS BIGINT) * 60000000 AS wall FROM contacts) AS c
GROUP BY 1, 2
