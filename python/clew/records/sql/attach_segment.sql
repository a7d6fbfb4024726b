-- A new index file. DuckDB only. Small row groups: a look-up of one number reads one of them.
ATTACH $path AS segment (STORAGE_VERSION 'v1.2.0', ROW_GROUP_SIZE 8192);
