-- The tables that a trace fills, hop by hop. `looked` holds only numbers whose records were looked up, never the last
-- hop's; `others` are the contacts of those that are passed, and null for a hub: its contacts are counted, not kept.
-- Spark's name for unnest is explode.
CREATE TABLE vertices (key BIGINT, hop TINYINT);
CREATE TABLE looked (key BIGINT, hop TINYINT, contacts BIGINT, others BIGINT[]);
CREATE VIEW links AS SELECT key AS number, hop, unnest(others) AS other FROM looked WHERE others IS NOT NULL;
