-- INCIDENCE (spec 3.2): contacts, seen from both ends. Flags: 8 both ends are the same party, 32 a merged leg.
-- Party kinds: 1 E.164, 2 opaque; only these are vertices. read_parquet is DuckDB's.
CREATE TABLE segment.incidence AS
WITH contacts AS (
  SELECT a_key, b_key, kind, start, zone_offset, duration, record_id
  FROM read_parquet($records)
  WHERE kind BETWEEN 1 AND 4
    AND a_kind BETWEEN 1 AND 2 AND b_kind BETWEEN 1 AND 2
    AND (flags & 40) = 0
)
SELECT number, other, outgoing, kind, start, zone_offset, duration, record_id
FROM (
  SELECT a_key AS number, b_key AS other, TRUE AS outgoing, kind, start, zone_offset, duration, record_id FROM contacts
  UNION ALL
  SELECT b_key AS number, a_key AS other, FALSE AS outgoing, kind, start, zone_offset, duration, record_id FROM contacts
) AS ends
ORDER BY number, start, record_id;
