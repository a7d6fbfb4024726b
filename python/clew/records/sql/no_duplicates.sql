-- The profile names no identifier of the operator's own: nothing can be a duplicate.
CREATE TABLE duplicates (record_id BIGINT);
