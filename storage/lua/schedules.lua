-- A change of a pool's schedule, all of it or nothing: what holds now, the line in the log, the message about it.
-- KEYS: overrides, log of what was decided outside of runs, outbox, told messages
-- ARGV: pool, when what was read had been changed (0: nothing was there), the new override, the line, the message's key, the message, at, our version
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local reads, now = pcall(cjson.decode, stored or '{}')
if not reads or type(now) ~= 'table' then return -1 end
if (now.v or 1) > tonumber(ARGV[8]) or (now.changed_at or 0) ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], '*', 'entry', ARGV[4])
redis.call('HSET', KEYS[4], ARGV[5], ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[7], ARGV[5])
return 1
