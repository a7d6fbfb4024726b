-- The tables that a trace fills, hop by hop; hop 0 are the warrant's seeds, registered as `seeds` (key, text).
-- `looked` holds only numbers whose records were looked up, never the last hop's; `others` are the contacts of those
-- that are passed, and null for a hub: its contacts are counted, not kept. Spark's name for unnest is explode.
CREATE TABLE vertices AS SELECT DISTINCT key, CAST(0 AS TINYINT) AS hop, text FROM seeds;
CREATE TABLE looked (key BIGINT, contacts BIGINT, others BIGINT[]);
CREATE VIEW links AS SELECT key AS number, unnest(others) AS other FROM looked WHERE others IS NOT NULL;
