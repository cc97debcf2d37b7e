-- Takes a record away, with what is known beside it; pieces that nothing else needs are loose from now on.
-- KEYS: record, what is known beside it, how many records need each piece, pieces by when they were checked, loose pieces,
--   damaged pieces, seals, then sorted sets
-- ARGV: the record that was read, now, fingerprint of its key ("": none), names of its pieces as JSON, then for each
--   sorted set the member to take out
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'MOVED' end
-- Asked here and not by whoever planned it: a pin that was set in between holds.
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.sub(field, 1, 4) == 'pin:' then return 'PINNED' end
end
redis.call('DEL', KEYS[1], KEYS[2])
for _, name in ipairs(cjson.decode(ARGV[4])) do
  if redis.call('HINCRBY', KEYS[3], name, -1) <= 0 then
    redis.call('HDEL', KEYS[3], name)
    redis.call('ZREM', KEYS[4], name)
    redis.call('ZADD', KEYS[5], ARGV[2], name)
    redis.call('SREM', KEYS[6], name)
  end
end
if ARGV[3] ~= '' and redis.call('HINCRBY', KEYS[7], ARGV[3], -1) <= 0 then redis.call('HDEL', KEYS[7], ARGV[3]) end
for i = 8, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i - 3]) end
return 'GONE'
