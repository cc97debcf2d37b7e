-- The newest copy of each companion: its id and its record. KEYS: sorted sets of ids. ARGV: prefix of records.
local found = {}
for i, index in ipairs(KEYS) do
  local id = redis.call('ZRANGE', index, -1, -1)[1]
  local record = id and redis.call('GET', ARGV[1] .. id)
  found[i] = record and {id, record} or false
end
return found
