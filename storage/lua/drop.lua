-- Takes away pieces that no record has needed for long enough.
-- KEYS: how many records need each piece, loose pieces. ARGV: loose since then or earlier, prefix of pieces, then names.
local gone = 0
for i = 3, #ARGV do
  local since = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if since and tonumber(since) <= tonumber(ARGV[1]) then
    -- A record may have come to need it since it was found loose; then it only leaves the list.
    if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then gone = gone + redis.call('DEL', ARGV[2] .. ARGV[i]) end
    redis.call('ZREM', KEYS[2], ARGV[i])
  end
end
return gone
