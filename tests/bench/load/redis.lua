-- One decision: the idempotency key first, then refunded <= paid. KEYS: the decision's and the
-- order's. ARGV: the amount, and what the key is bound to.
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'verdict')
if known[1] then
  if known[1] ~= ARGV[2] then return 'CONFLICT' end
  return known[2]
end
local verdict = 'BLOCK'
local book = redis.call('HMGET', KEYS[2], 'paid', 'refunded')
local refunded = tonumber(book[2] or '0') + tonumber(ARGV[1])
if book[1] and refunded <= tonumber(book[1]) then
  redis.call('HINCRBY', KEYS[2], 'refunded', ARGV[1])
  verdict = 'ALLOW'
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[2], 'verdict', verdict)
return verdict
