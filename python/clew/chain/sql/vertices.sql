-- Every vertex, in the order (hop, vertex). Nothing was looked up for the last hop: hub and contacts are null there.
-- `seen`: a record of the window shows it. A seed that was looked up and has none has 0 contacts.
SELECT text AS vertex, hop, hop = 0 AS seed,
  CASE WHEN hop < $hops THEN coalesce(contacts, 0) > $hub_limit END AS hub,
  CAST(CASE WHEN hop < $hops THEN coalesce(contacts, 0) END AS INTEGER) AS contacts,
  hop > 0 OR contacts IS NOT NULL AS seen
FROM names
ORDER BY hop, text
