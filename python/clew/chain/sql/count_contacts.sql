-- How many distinct contacts each number of one hop has (spec graph 1.1). The engine reads a hub's records to count
-- them; its contacts themselves go nowhere. A number without records in the window gets no row.
INSERT INTO looked
SELECT i.number, CAST($hop AS TINYINT), count(DISTINCT i.other)
FROM incidence AS i
JOIN vertices AS v ON v.key = i.number
WHERE v.hop = $hop
  AND i.start >= $begin AND i.start < $end
  AND i.kind BETWEEN 1 AND 4
  AND i.other <> i.number
GROUP BY i.number;
