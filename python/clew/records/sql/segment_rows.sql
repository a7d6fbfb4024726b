-- How many rows the new index file has.
SELECT count(*) FROM segment.incidence;
