-- Saves the simulated deployment, if the version that was read is still the one that is there.
-- KEYS: world. ARGV: the version that was read (0: there must be none), the new world.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return -1 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'world', ARGV[2])
return version + 1
