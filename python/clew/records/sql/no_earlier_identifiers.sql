-- No earlier import of this operator names identifiers.
CREATE TABLE earlier_identifiers (
  operator_record VARCHAR, a_kind TINYINT, a_key BIGINT, b_kind TINYINT, b_key BIGINT, start TIMESTAMPTZ, kind TINYINT
);
