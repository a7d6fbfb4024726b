-- The tables that a trace fills, hop by hop. `looked` holds only numbers whose records were looked up: never the last
-- hop's. `links` holds the contacts of the numbers that are passed: no hub's, and nothing of the last hop's.
CREATE TABLE vertices (key BIGINT, hop TINYINT);
CREATE TABLE looked (key BIGINT, hop TINYINT, contacts BIGINT);
CREATE TABLE links (number BIGINT, other BIGINT);
