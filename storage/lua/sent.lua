-- An outbox entry is done with, or comes again later, unless it was marked again meanwhile.
-- KEYS: outbox, told messages; ARGV: key, score, when it comes again ('': never)
-- A commit while Slack was spoken to gave the entry a new score, so that it is drawn once more.
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '-1') ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] ~= '' then return redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
