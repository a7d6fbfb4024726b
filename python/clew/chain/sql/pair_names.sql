-- The ends of every pair, in the order of `pair`.
SELECT a, b FROM pairs ORDER BY pair
