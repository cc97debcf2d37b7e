-- Something stands: said for the first time, otherwise than before, or once more, which is shown only now and then.
-- KEYS: the notice, the standing ones, outbox, then the pools of which it is told only while no run holds them. ARGV: key, what is said, at (s), seconds between counts that are shown,
--   our version
for i = 4, #KEYS do
  if redis.call('HEXISTS', KEYS[i], 'held_by') == 1 then return 0 end
end
local before = redis.call('HMGET', KEYS[1], 'said', 'over', 'marked')
if tonumber(string.match(before[1] or '', '^{"v":(%d+)') or 1) > tonumber(ARGV[5]) then return 0 end
local entry, at = 'notice:' .. ARGV[1], ARGV[3]
if not before[1] or before[2] then
  redis.call('HDEL', KEYS[1], 'over', 'ended', 'taken')
  redis.call('HSET', KEYS[1], 'since', at, 'count', 0)
  redis.call('ZADD', KEYS[2], at, ARGV[1])
end
redis.call('HSET', KEYS[1], 'said', ARGV[2], 'at', at)
redis.call('HINCRBY', KEYS[1], 'count', 1)
if before[1] ~= ARGV[2] or before[2] then
  redis.call('ZADD', KEYS[3], at, entry)
  redis.call('HSET', KEYS[1], 'marked', at)
  return 1
end
local next = math.max(tonumber(at), tonumber(before[3]) + tonumber(ARGV[4]))
if redis.call('ZADD', KEYS[3], 'NX', next, entry) == 1 then redis.call('HSET', KEYS[1], 'marked', next) end
return 0
