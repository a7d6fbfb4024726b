-- Hop 0: the warrant's seeds, registered as `seeds` (key, text).
INSERT INTO vertices
SELECT DISTINCT key, CAST(0 AS TINYINT) FROM seeds;
