-- One transition of a run, all of it or nothing: the run, its audit log, when it is due, the pools it holds, the outbox.
-- KEYS: run, audit stream, due-set, outbox, told messages, all runs, open runs, then the pools that the run holds
-- ARGV: the version that was read (0: there must be none), the new run, the rest as JSON:
--   id, at, due (absent: nobody looks), open, entries, tells {key: body}, record (absent: the pool's state stays)
local expected, rest = tonumber(ARGV[1]), cjson.decode(ARGV[3])
-- The fence: whoever read an older version, or lost its lease to somebody who wrote since, writes nothing.
if tonumber(redis.call('HGET', KEYS[1], 'version') or '0') ~= expected then
  return {'STALE'}
end
if expected == 0 then
  -- All pools are asked before any is taken: a script that stops half-way is not rolled back.
  for i = 8, #KEYS do
    local holder = redis.call('HGET', KEYS[i], 'held_by')
    if holder then return {'HELD', holder} end
  end
  for i = 8, #KEYS do redis.call('HSET', KEYS[i], 'held_by', rest.id) end
  redis.call('ZADD', KEYS[6], rest.at, rest.id)
  redis.call('ZADD', KEYS[7], rest.at, rest.id)
end
redis.call('HSET', KEYS[1], 'version', expected + 1, 'run', ARGV[2])
for _, entry in ipairs(rest.entries) do redis.call('XADD', KEYS[2], '*', 'entry', entry) end
if rest.due then redis.call('ZADD', KEYS[3], rest.due, rest.id) else redis.call('ZREM', KEYS[3], rest.id) end
redis.call('ZADD', KEYS[4], rest.at, 'card:' .. rest.id)
for key, body in pairs(rest.tells) do
  redis.call('HSET', KEYS[5], key, body)
  redis.call('ZADD', KEYS[4], rest.at, key)
end
if rest.record then redis.call('HSET', KEYS[8], 'record', rest.record) end
if not rest.open then
  redis.call('ZREM', KEYS[7], rest.id)
  for i = 8, #KEYS do
    if redis.call('HGET', KEYS[i], 'held_by') == rest.id then redis.call('HDEL', KEYS[i], 'held_by') end
  end
end
return {'OK'}
