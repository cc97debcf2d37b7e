-- An agent says that they are signed in: noted once, for whoever was asked only, and the card of the run follows.
-- KEYS: how far messages got, what agents said, outbox, open runs
-- ARGV: address, user, at, run, seconds until the card is drawn, seconds that it is kept
-- Gives when they said it first, whether that was now, and whether the run is open; nothing for anybody else.
local address, user, at, run, later, kept = unpack(ARGV)
local sound, asked = pcall(cjson.decode, redis.call('HGET', KEYS[1], address) or '')
if not sound or type(asked) ~= 'table' or asked.user ~= user then return {} end
local new = redis.call('HSETNX', KEYS[2], address, at)
if new == 1 then
  redis.call('EXPIRE', KEYS[2], kept)
  -- A mark that lies ahead is left where it is, or words that keep coming would put the card off for ever. One that is
  -- due may be drawn right now, without this word: a new score, and it is drawn once more.
  redis.call('ZADD', KEYS[3], 'NX', at + later, 'card:' .. run)
  redis.call('ZADD', KEYS[3], 'GT', at, 'card:' .. run)
end
return {redis.call('HGET', KEYS[2], address), new, redis.call('ZSCORE', KEYS[4], run) and 1 or 0}
