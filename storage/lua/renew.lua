-- A worker that still holds a run asks for more time. KEYS: run, due-set; ARGV: version, new due time, id
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
-- The lease is the due time itself: when it is over, the run is due for anybody.
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
return 1
