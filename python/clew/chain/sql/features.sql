-- One row per pair, in the order of `pair`; call-backs and hours of the week are steps of their own.
SELECT p.a, p.b, f.*
FROM pairs AS p
JOIN (
  SELECT pair,
    CAST(count(*) FILTER (WHERE kind = 1 AND ab) AS INTEGER) AS calls_ab,
    CAST(count(*) FILTER (WHERE kind = 1 AND NOT ab) AS INTEGER) AS calls_ba,
    CAST(count(*) FILTER (WHERE kind = 2 AND ab) AS INTEGER) AS messages_ab,
    CAST(count(*) FILTER (WHERE kind = 2 AND NOT ab) AS INTEGER) AS messages_ba,
    CAST(count(*) FILTER (WHERE kind = 3 AND ab) AS INTEGER) AS missed_ab,
    CAST(count(*) FILTER (WHERE kind = 3 AND NOT ab) AS INTEGER) AS missed_ba,
    CAST(count(*) FILTER (WHERE kind = 4 AND ab) AS INTEGER) AS forwarded_ab,
    CAST(count(*) FILTER (WHERE kind = 4 AND NOT ab) AS INTEGER) AS forwarded_ba,
    CAST(coalesce(sum(duration) FILTER (WHERE kind = 1 AND ab), 0) AS BIGINT) AS seconds_ab,
    CAST(coalesce(sum(duration) FILTER (WHERE kind = 1 AND NOT ab), 0) AS BIGINT) AS seconds_ba,
    min(moment) AS first,
    max(moment) AS last
  FROM contacts
  GROUP BY pair
) AS f ON f.pair = p.pair
ORDER BY p.pair
