-- Every contact pair once, numbered from 0 in the order (a, b) by code point. `forward`: the looked-up number is a.
CREATE TABLE pairs AS
SELECT CAST(row_number() OVER (ORDER BY u.a, u.b) - 1 AS INTEGER) AS pair, u.number, u.other, u.a, u.b, u.forward
FROM (
  SELECT l.number, l.other, n.text < o.text AS forward,
    CASE WHEN n.text < o.text THEN n.text ELSE o.text END AS a,
    CASE WHEN n.text < o.text THEN o.text ELSE n.text END AS b
  FROM links AS l
  JOIN names AS n ON n.key = l.number
  JOIN names AS o ON o.key = l.other
  LEFT JOIN looked AS p ON p.key = l.other AND p.others IS NOT NULL
  WHERE p.key IS NULL OR l.number < l.other
) AS u;
