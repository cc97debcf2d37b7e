-- What stood is over, or in somebody's hands. KEYS: the notice, the standing ones, outbox; ARGV: key, what is said, at (s),
--   our version, '1' where it is in somebody's hands
local known = redis.call('HMGET', KEYS[1], 'said', 'over')
if not known[1] or known[2] then return 0 end
if tonumber(string.match(known[1], '^{"v":(%d+)') or 1) > tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], 'over', ARGV[2], 'ended', ARGV[3], 'taken', ARGV[5])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], 'notice:' .. ARGV[1])
return 1
