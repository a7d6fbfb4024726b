-- The profile names no identifier of the operator's own: none is used again.
CREATE TABLE reused (record_id BIGINT);
