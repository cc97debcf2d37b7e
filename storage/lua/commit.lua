-- One transition of a run, all of it or nothing: the run, its audit log, when it is due, the pools it holds, the outbox,
-- and the mark of the delivery from Slack that made it.
-- KEYS: run, audit stream, due-set, outbox, told messages, all runs, open runs, those that move pools, mark, then the
--   pools that the run holds
-- ARGV: the version that was read (0: there must be none), who must have written it ('': anybody), who writes now,
--   the new run, id, at, due ('': nobody looks), '1' while it is open, record ('': the pool's state stays),
--   seconds that the mark stays ('': no delivery made it), how many entries, the entries, then tells: key, body, …
local expected, author, writer, run, id, at, due, open, record, seconds = unpack(ARGV, 1, 10)
if seconds ~= '' and redis.call('EXISTS', KEYS[9]) == 1 then return {'AGAIN'} end
-- The fence: whoever read an older version, or lost its lease to somebody who wrote since, writes nothing.
local known = redis.call('HMGET', KEYS[1], 'version', 'writer')
if (known[1] or '0') ~= expected or (author ~= '' and known[2] ~= author) then
  return {'STALE'}
end
if expected == '0' then
  -- All pools are asked before any is taken: a script that stops half-way is not rolled back.
  for i = 10, #KEYS do
    local holder = redis.call('HGET', KEYS[i], 'held_by')
    if holder then return {'HELD', holder} end
  end
  for i = 10, #KEYS do redis.call('HSET', KEYS[i], 'held_by', id) end
  redis.call('ZADD', KEYS[6], at, id)
  redis.call('ZADD', KEYS[7], at, id)
  if record ~= '' then redis.call('ZADD', KEYS[8], at, id) end
end
redis.call('HSET', KEYS[1], 'version', expected + 1, 'run', run, 'writer', writer)
local first = 12 + ARGV[11]
for i = 12, first - 1 do redis.call('XADD', KEYS[2], '*', 'entry', ARGV[i]) end
if due ~= '' then redis.call('ZADD', KEYS[3], due, id) else redis.call('ZREM', KEYS[3], id) end
redis.call('ZADD', KEYS[4], at, 'card:' .. id)
for i = first, #ARGV, 2 do
  redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1])
  redis.call('ZADD', KEYS[4], at, ARGV[i])
end
if record ~= '' then redis.call('HSET', KEYS[10], 'record', record) end
if open == '' then
  redis.call('ZREM', KEYS[7], id)
  for i = 10, #KEYS do
    if redis.call('HGET', KEYS[i], 'held_by') == id then redis.call('HDEL', KEYS[i], 'held_by') end
  end
end
if seconds ~= '' then redis.call('SET', KEYS[9], '1', 'EX', seconds) end
return {'OK'}
