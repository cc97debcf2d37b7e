-- Notes something beside a record, as long as there is one.
-- KEYS: record, what is known beside it. ARGV: field, value ("": the field is taken out), our version.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
-- What nobody can read is left as it is: such a backup counts as pinned and as unsound, whatever is noted.
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'hash' and kind ~= 'none' then return 1 end
local there = redis.call('HGET', KEYS[2], ARGV[1]) or ''
if tonumber(string.match(there, '^{"v":(%d+)') or 1) > tonumber(ARGV[3]) then return 1 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1
