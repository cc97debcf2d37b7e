-- Makes a record exist, or change: its pieces are counted with it, and only now can anybody find it.
-- KEYS: record, how many records need each piece, pieces by when they were checked, loose pieces, seals, then sorted sets
-- ARGV: record, the record that gives way ("": there must be none), now, prefix of pieces, fingerprint of the key ("":
--   none, or counted already), pieces as JSON {name: stored length, or -1 for whatever is there}, then for each sorted
--   set a member and its score ("": taken out)
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return {'MOVED'} end
local pieces, answer = cjson.decode(ARGV[6]), {'MISSING'}
for name, length in pairs(pieces) do
  if length >= 0 and redis.call('STRLEN', ARGV[4] .. name) ~= length then answer[#answer + 1] = name end
end
if #answer > 1 then return answer end
-- From here on nothing may refuse: Redis keeps what a script wrote before it failed.
redis.call('SET', KEYS[1], ARGV[1])
for name in pairs(pieces) do
  redis.call('HINCRBY', KEYS[2], name, 1)
  redis.call('ZADD', KEYS[3], 'NX', ARGV[3], name)
  redis.call('ZREM', KEYS[4], name)
end
if ARGV[5] ~= '' then redis.call('HINCRBY', KEYS[5], ARGV[5], 1) end
for i = 6, #KEYS do
  local member, score = ARGV[2 * i - 5], ARGV[2 * i - 4]
  if score == '' then redis.call('ZREM', KEYS[i], member) else redis.call('ZADD', KEYS[i], score, member) end
end
return {'KEPT'}
