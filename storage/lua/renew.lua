-- A worker that still holds a run asks for more time, and notes what the server said of its command ('': nothing).
-- KEYS: run, due-set, outbox; ARGV: version, new due time, id, what was said, now
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
-- The lease is the due time itself: when it is over, the run is due for anybody.
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
if ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'said') ~= ARGV[4] then
  redis.call('HSET', KEYS[1], 'said', ARGV[4])
  redis.call('ZADD', KEYS[3], ARGV[5], 'card:' .. ARGV[3])
end
return 1
