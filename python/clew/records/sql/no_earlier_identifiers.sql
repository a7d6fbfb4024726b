-- No earlier import of this operator names identifiers.
CREATE TABLE earlier_identifiers (operator_record VARCHAR);
