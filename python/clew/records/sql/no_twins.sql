-- The store has records of no other operator.
CREATE TABLE twins (fresh BIGINT, old BIGINT, differ BOOLEAN);
