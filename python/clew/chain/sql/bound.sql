-- What each hop holds. Numbers and hubs stand at their hop; a pair stands at the hop of the end that was looked up, and
-- where both ends were passed, at that of the end with the smaller key.
SELECT v.hop, v.numbers, coalesce(k.seen, 0) AS seen, coalesce(k.hubs, 0) AS hubs, coalesce(p.pairs, 0) AS pairs
FROM (SELECT hop, count(*) AS numbers FROM vertices GROUP BY hop) AS v
LEFT JOIN (
  SELECT hop, count(*) AS seen, count(*) FILTER (WHERE contacts > $hub_limit) AS hubs FROM looked GROUP BY hop
) AS k ON k.hop = v.hop
LEFT JOIN (
  SELECT l.hop, count(*) AS pairs
  FROM links AS l
  LEFT JOIN looked AS o ON o.key = l.other AND o.others IS NOT NULL
  WHERE o.key IS NULL OR l.number < l.other
  GROUP BY l.hop
) AS p ON p.hop = v.hop
ORDER BY v.hop
