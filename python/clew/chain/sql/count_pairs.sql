-- How many pairs: a pair of two numbers that are both passed stands in `links` from both ends, and is counted from the
-- end with the smaller key.
SELECT count(*)
FROM links AS l
LEFT JOIN looked AS o ON o.key = l.other AND o.others IS NOT NULL
WHERE o.key IS NULL OR l.number < l.other
