-- RECORDS: what was scanned, without duplicates, with its legs marked (flags 32 merged leg, 64 legs differ, 512
-- identifier reused). A leg of a record that is itself merged into an earlier one belongs to that one. Where the
-- operator gives records identifiers of their own, those of calls are not kept in their place. read_parquet is DuckDB's.
SELECT s.record_id, s.kind, s.a_kind, s.a_key, s.b_kind, s.b_key, s.start, s.zone_offset, s.duration, s.duration_raw,
  s.imei, s.imsi, CASE WHEN $identified THEN s.operator_record ELSE s.call END AS operator_record,
  coalesce(t.old, l.leader) AS leg_group,
  CAST(s.flags
    | CASE WHEN t.old IS NOT NULL OR l.leader <> s.record_id THEN 32 ELSE 0 END
    | CASE WHEN l.differ OR t.differ THEN 64 ELSE 0 END
    | CASE WHEN l.reused OR r.record_id IS NOT NULL THEN 512 ELSE 0 END AS INTEGER) AS flags,
  s."offset", s.length
FROM read_parquet($scanned) AS s
LEFT JOIN duplicates AS d ON d.record_id = s.record_id
LEFT JOIN legs AS l ON l.record_id = s.record_id
LEFT JOIN reused AS r ON r.record_id = s.record_id
LEFT JOIN twins AS t ON t.fresh = coalesce(l.leader, s.record_id)
WHERE d.record_id IS NULL
ORDER BY s.record_id;
