-- The next hop: contacts that have no smaller hop (spec graph 1.2).
INSERT INTO vertices
SELECT DISTINCT l.other, CAST($hop + 1 AS TINYINT), CAST(NULL AS STRING)
FROM links AS l
LEFT JOIN vertices AS v ON v.key = l.other
WHERE v.key IS NULL;
