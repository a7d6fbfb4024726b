-- What else the bound holds. A link between two numbers that are both passed stands in `links` from both ends, and is
-- counted from the smaller key.
SELECT
  (SELECT count(*)
   FROM links AS l LEFT JOIN (SELECT DISTINCT number FROM links) AS p ON p.number = l.other
   WHERE p.number IS NULL OR l.number < l.other) AS pairs,
  (SELECT count(*) FROM looked WHERE contacts > $hub_limit) AS hubs,
  (SELECT count(*) FROM looked WHERE contacts > $hub_limit AND hop = 0) AS hub_seeds,
  (SELECT count(*) FROM looked WHERE hop = 0) AS seeds_seen;
