-- Makes a backup exist: its pieces are there already, and only now can anybody find it.
-- KEYS: record, index of the pool, set of pools. ARGV: record, second it was taken, id, pool.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[3], 0, ARGV[4])
return 1
