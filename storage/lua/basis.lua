-- The newest reading of what a pool holds stays, whoever comes later with an older one.
-- KEYS: readings by pool. ARGV: pool, second of the reading, reading as JSON {at, digest}, our version; 0.1 wrote [second, digest].
local there = redis.call('HGET', KEYS[1], ARGV[1])
local reads, known = pcall(cjson.decode, there or '{"at":0}')
-- A reading that cannot be read is worth nothing; the next one takes its place.
if not reads or type(known) ~= 'table' then known = {at = 0} end
if (known.v or 1) > tonumber(ARGV[4]) or (known.at or known[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
