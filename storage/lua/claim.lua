-- Says how long each piece is that is there, and keeps the sweep away from those that no record needs yet.
-- KEYS: how many records need each piece, loose pieces, damaged pieces. ARGV: now, prefix of pieces, then names.
local lengths = {}
for i = 3, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then redis.call('ZADD', KEYS[2], ARGV[1], ARGV[i]) end
  local damaged = redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 1
  lengths[i - 2] = damaged and -1 or redis.call('STRLEN', ARGV[2] .. ARGV[i])
end
return lengths
