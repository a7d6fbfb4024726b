-- Every number that has a contact in the window: what a node commits to, or seals (spec node 5).
SELECT w.key, CASE WHEN w.key >= 0 THEN concat('+', CAST(w.key AS STRING)) ELSE p.canonical END AS text
FROM (
  SELECT DISTINCT number AS key
  FROM incidence
  WHERE start >= $begin AND start < $end AND kind BETWEEN 1 AND 4 AND other <> number
) AS w
LEFT JOIN parties AS p ON p.key = w.key AND w.key < 0
