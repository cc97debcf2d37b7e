-- Notes something beside a record, as long as there is one.
-- KEYS: record, what is known beside it. ARGV: field, value ("": the field is taken out), our version.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local there = redis.call('HGET', KEYS[2], ARGV[1]) or ''
if tonumber(string.match(there, '^{"v":(%d+)') or 1) > tonumber(ARGV[3]) then return 1 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1
