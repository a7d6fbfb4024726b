-- Every contact of every pair, from the A-number to the B-number, in the order of spec graph 4.
SELECT CASE WHEN c.ab THEN p.a ELSE p.b END AS a, CASE WHEN c.ab THEN p.b ELSE p.a END AS b,
  c.moment AS start, c.zone_offset, c.kind, c.duration, c.record_id
FROM contacts AS c JOIN pairs AS p ON p.pair = c.pair
ORDER BY start, a, b, c.kind, c.record_id
