-- A run that nobody can read lets go of its pools, with the line in the log and the message about it.
-- What is kept of it stays; it only gets a version that no commit expects, so nobody moves it again, mended or not.
-- KEYS: run, due-set, open runs, log of what was decided outside of runs, outbox, told messages, then pools
-- ARGV: id, the record that was judged ('': none that could be had), the line, the message's key, the message, at
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  if (redis.call('HGET', KEYS[1], 'run') or '') ~= ARGV[2] then return -1 end
  redis.call('HSET', KEYS[1], 'version', 'freed')
end
local freed = 0
for i = 7, #KEYS do
  if redis.pcall('HGET', KEYS[i], 'held_by') == ARGV[1] then freed = freed + redis.call('HDEL', KEYS[i], 'held_by') end
end
redis.pcall('ZREM', KEYS[2], ARGV[1])
redis.pcall('ZREM', KEYS[3], ARGV[1])
redis.call('XADD', KEYS[4], '*', 'entry', ARGV[3])
redis.call('HSET', KEYS[6], ARGV[4], ARGV[5])
redis.call('ZADD', KEYS[5], ARGV[6], ARGV[4])
return freed
