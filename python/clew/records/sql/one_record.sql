-- One record by its identifier. read_parquet is DuckDB's.
SELECT record_id, kind, a_kind, a_key, b_kind, b_key, start, zone_offset, duration, duration_raw, imei, imsi,
  operator_record, leg_group, flags, "offset", length
FROM read_parquet($records)
WHERE record_id = $record_id;
