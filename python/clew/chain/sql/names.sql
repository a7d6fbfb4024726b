-- Every vertex with its canonical text: an E.164 key is its digits, an opaque one is looked up (spec records 2.3).
-- A seed that the store does not know has the text that the warrant gives. `contacts`: null where nobody looked, and
-- where a number that was looked up does not occur.
CREATE TABLE names AS
SELECT v.key, v.hop, k.contacts,
  CASE WHEN v.key >= 0 THEN concat('+', CAST(v.key AS STRING)) ELSE coalesce(v.text, p.canonical) END AS text
FROM vertices AS v
LEFT JOIN looked AS k ON k.key = v.key
LEFT JOIN (SELECT o.key, o.canonical FROM parties AS o JOIN vertices AS w ON w.key = o.key WHERE w.key < 0) AS p
  ON p.key = v.key;
