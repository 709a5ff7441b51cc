-- KEYS: request, reservation, due. ARGV: content, reservation id, dealer, state wanted, retention in ms.
-- Commits (state COMMITTED) or releases (RELEASED) a whole reservation. Answers with a status, the decision that is
-- remembered, and the reservation's order, warehouse, lines and time of creation, which never change.

local function answer(decision)
  return { decision, unpack(redis.call('HMGET', KEYS[2], 'order', 'warehouse', 'lines', 'created')) }
end

local first = redis.call('GET', KEYS[1])
if first then
  if string.sub(first, 1, #ARGV[1]) ~= ARGV[1] then
    return { 'refused REQUEST_ID_REUSED' }
  end
  return answer(string.sub(first, #ARGV[1] + 1))
end

local found = redis.call('HMGET', KEYS[2], 'dealer', 'state', 'expires', 'warehouse', 'lines', 'revision')
local dealer, state, expires, warehouse, lines, revision = unpack(found)
if dealer ~= ARGV[3] then
  return { 'refused RESERVATION_NOT_FOUND' }
end
local now = now_ms()
if state == 'PENDING' and tonumber(expires) <= now then
  end_due_holds(now)
  state = 'EXPIRED'
end
if state == 'RELEASED' or state == 'EXPIRED' or state == ARGV[4] then
  return { 'refused RESERVATION_' .. state }
end

for _, line in ipairs(cjson.decode(lines)) do
  local sku, quantity = line[1], line[2]
  if state == 'PENDING' then
    redis.call('HINCRBY', 'reserved:' .. warehouse, sku, whole(-quantity))
  else
    redis.call('HINCRBY', 'committed:' .. warehouse, sku, whole(-quantity))
  end
  if ARGV[4] == 'COMMITTED' then
    redis.call('HINCRBY', 'committed:' .. warehouse, sku, whole(quantity))
  end
end
redis.call('ZREM', KEYS[3], ARGV[2])
revision = whole(tonumber(revision) + 1)
redis.call('HSET', KEYS[2], 'state', ARGV[4], 'revision', revision)
local decision = 'changed ' .. whole(now) .. ' ' .. revision
redis.call('SET', KEYS[1], ARGV[1] .. decision, 'PX', ARGV[5])
return answer(decision)
