-- What each hop holds: numbers, those that occur in a record (of the numbers looked up), hubs.
SELECT v.hop, count(*) AS numbers, count(k.key) AS seen, count(*) FILTER (WHERE k.contacts > $hub_limit) AS hubs
FROM vertices AS v
LEFT JOIN looked AS k ON k.key = v.key
GROUP BY v.hop
ORDER BY v.hop
