-- How many numbers each hop holds.
SELECT hop, count(*) AS numbers FROM vertices GROUP BY hop ORDER BY hop;
