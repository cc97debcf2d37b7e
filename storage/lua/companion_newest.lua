-- The newest copy of each companion: its id and its record. KEYS: sorted sets of ids.
-- ARGV: prefix of records, the last second that counts (what lies behind it is dated in the future)
local found = {}
for i, index in ipairs(KEYS) do
  -- What is of another kind is left out, as what is not there: the others are asked for all the same.
  local id = (redis.pcall('ZREVRANGEBYSCORE', index, ARGV[2], '-inf', 'LIMIT', 0, 1) or {})[1]
  local record = id and redis.pcall('GET', ARGV[1] .. id)
  if type(record) ~= 'string' then record = nil end
  found[i] = record and {id, record} or false
end
return found
