-- Links somebody in Slack to an account of the directory: each of them to one at most. Gives the link that holds now.
-- KEYS: hash of links by person, hash of persons by account
-- ARGV: person, account, link, '1' to take the place of the links of both
local person, account, link, instead = unpack(ARGV)
local mine, other = redis.call('HGET', KEYS[1], person), redis.call('HGET', KEYS[2], account)
if instead == '' and mine then return mine end
if other and other ~= person then
  if instead == '' then return redis.call('HGET', KEYS[1], other) or '' end
  redis.call('HDEL', KEYS[1], other)
end
local sound, old = pcall(cjson.decode, mine or '')
if sound and type(old) == 'table' and type(old.account) == 'string' then redis.call('HDEL', KEYS[2], old.account) end
redis.call('HSET', KEYS[1], person, link)
redis.call('HSET', KEYS[2], account, person)
return link
