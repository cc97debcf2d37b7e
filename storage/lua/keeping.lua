-- Notes something beside a record, as long as there is one.
-- KEYS: record, what is known beside it. ARGV: field, value ("": the field is taken out).
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1
