-- Makes a backup exist: its pieces are there already, and only now can anybody find it.
-- KEYS: record, and for a listed one the index of the pool and the set of pools.
-- ARGV: record, second it was taken, id, pool, "replace" when a record that is there gives way.
if redis.call('EXISTS', KEYS[1]) == 1 and ARGV[5] ~= 'replace' then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
if #KEYS > 1 then
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
  redis.call('ZADD', KEYS[3], 0, ARGV[4])
end
return 1
