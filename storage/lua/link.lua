-- Links somebody in Slack to an account of the directory: each of them to one at most. Gives the link that holds now.
-- KEYS: hash of links by person, hash of persons by account
-- ARGV: person, account, link, '1' to take the place of the links of both
local person, account, link, instead = unpack(ARGV)
local mine, other = redis.call('HGET', KEYS[1], person), redis.call('HGET', KEYS[2], account)
if instead == '' and mine then return mine end
if other and other ~= person then
  if instead == '' then return redis.call('HGET', KEYS[1], other) end
  redis.call('HDEL', KEYS[1], other)
end
if mine then redis.call('HDEL', KEYS[2], cjson.decode(mine).account) end
redis.call('HSET', KEYS[1], person, link)
redis.call('HSET', KEYS[2], account, person)
return link
