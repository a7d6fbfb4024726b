-- The distinct contacts of one hop's numbers (spec graph 1.1): how many, and for those that are no hub (1.3), which.
-- A number without records in the window gets no row.
INSERT INTO looked
SELECT number, count(*), CASE WHEN count(*) <= $hub_limit THEN array_agg(other) END
FROM (
  SELECT DISTINCT i.number, i.other
  FROM incidence AS i
  JOIN vertices AS v ON v.key = i.number
  WHERE v.hop = $hop
    AND i.start >= $begin AND i.start < $end
    AND i.kind BETWEEN 1 AND 4
    AND i.other <> i.number
) AS contact
GROUP BY number;
