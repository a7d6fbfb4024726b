-- The profile names no call identifier: no line of this file is a leg of another.
CREATE TABLE legs (record_id BIGINT, leader BIGINT, differ BOOLEAN, reused BOOLEAN);
