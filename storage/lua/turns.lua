-- Whose turn a chore is, by this server's own time (ms), so that nobody's clock matters.
-- KEYS: the turn. ARGV: "take", every, again after a failure, lease | "renew", fence, lease | "done", fence, "well" or ""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'fence', 'until', 'ended', 'failed', 'began')
local held, ended = tonumber(known[2] or '0'), tonumber(known[3] or '0')
if ARGV[1] == 'take' then
  local lease = tonumber(ARGV[4])
  -- One that went well is due so long after it began, however long it took; one that never ended is due.
  local from, rest = tonumber(known[5] or ended), tonumber(ARGV[2])
  if known[4] then from, rest = ended, tonumber(ARGV[3]) end
  -- What lies further ahead than it can was written before the clock was set back.
  if held > now and held <= now + lease then return 0 end
  if held == 0 and from <= now and from + rest > now then return 0 end
  redis.call('HSET', KEYS[1], 'until', now + lease, 'began', now)
  return redis.call('HINCRBY', KEYS[1], 'fence', 1)
end
-- Another fence: the lease was over and somebody else took the turn. Not held: it has ended already.
if known[1] ~= ARGV[2] or held == 0 then return 0 end
if ARGV[1] == 'renew' then
  redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[3]))
  return 1
end
redis.call('HSET', KEYS[1], 'until', 0, 'ended', now)
if ARGV[3] == 'well' then redis.call('HDEL', KEYS[1], 'failed') else redis.call('HSET', KEYS[1], 'failed', 1) end
return 1
