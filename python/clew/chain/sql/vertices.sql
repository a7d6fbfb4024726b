-- Every vertex, in the order (hop, vertex). Nothing was looked up for the last hop: hub and contacts are null there.
-- `seen`: a record of the window shows it. A seed that was looked up and has none has 0 contacts.
SELECT n.text AS vertex, n.hop, n.hop = 0 AS seed,
  CASE WHEN n.hop < $hops THEN coalesce(k.contacts, 0) > $hub_limit END AS hub,
  CAST(CASE WHEN n.hop < $hops THEN coalesce(k.contacts, 0) END AS INTEGER) AS contacts,
  n.hop > 0 OR k.key IS NOT NULL AS seen
FROM names AS n
LEFT JOIN looked AS k ON k.key = n.key
ORDER BY n.hop, n.text
