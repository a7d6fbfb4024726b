-- Keys that two texts of the new imports share (spec 2.3).
SELECT count(*) FROM (SELECT key FROM segment.parties GROUP BY key HAVING count(*) > 1) AS shared;
