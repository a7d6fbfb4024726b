-- Every contact of every pair, once. `ab`: it goes from a to b. `moment`: microseconds since 1970 in UTC.
-- Spark's name for epoch_us is unix_micros; from here on moments are integers. The records are cut down by number
-- first: a join on two columns at once would read the whole table.
CREATE TABLE contacts AS
WITH passed AS (
  SELECT i.number, i.other, i.outgoing, i.kind, i.start, i.zone_offset, i.duration, i.record_id
  FROM incidence AS i
  JOIN (SELECT DISTINCT number FROM pairs) AS n ON n.number = i.number
  WHERE i.start >= $begin AND i.start < $end
    AND i.kind BETWEEN 1 AND 4
)
SELECT p.pair, c.outgoing = p.forward AS ab, c.kind, epoch_us(c.start) AS moment, c.zone_offset, c.duration,
  c.record_id
FROM passed AS c
JOIN pairs AS p ON p.number = c.number AND p.other = c.other;
