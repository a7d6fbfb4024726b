-- A new index file. DuckDB only. Small row groups: a look-up of one number reads one of them. Not smaller still: opening
-- the file reads the statistics of every group, 40 ms for 20 million rows in groups of 8,192, 12 ms in groups of 30,720.
ATTACH $path AS segment (STORAGE_VERSION 'v1.2.0', ROW_GROUP_SIZE 30720);
