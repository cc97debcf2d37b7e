-- That it is over has been shown. If it stands again by now, that is news: it gets a message of its own.
-- KEYS: the notice
if redis.call('HEXISTS', KEYS[1], 'over') == 1 then return redis.call('DEL', KEYS[1]) end
redis.call('HDEL', KEYS[1], 'place')
return 0
