-- Contacts by pair, kind and way: how many, their known seconds, the first and the last. At most eight rows a pair.
SELECT pair, kind, ab, CAST(count(*) AS INTEGER) AS contacts, CAST(coalesce(sum(duration), 0) AS BIGINT) AS seconds,
  min(moment) AS first, max(moment) AS last
FROM contacts
GROUP BY pair, kind, ab
