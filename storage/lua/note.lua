-- A line in an audit log that ends a delivery from Slack without a transition: written once, however often it comes.
-- KEYS: audit stream, mark   ARGV: entry, seconds that the mark stays
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then return {'AGAIN'} end
redis.call('XADD', KEYS[1], '*', 'entry', ARGV[1])
return {'OK'}
