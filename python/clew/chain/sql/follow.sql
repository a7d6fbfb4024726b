-- The contacts of one hop's numbers, hubs left out (spec graph 1.2 and 1.3).
INSERT INTO links
SELECT DISTINCT i.number, i.other
FROM incidence AS i
JOIN looked AS n ON n.key = i.number
WHERE n.hop = $hop AND n.contacts <= $hub_limit
  AND i.start >= $begin AND i.start < $end
  AND i.kind BETWEEN 1 AND 4
  AND i.other <> i.number;
