-- KEYS: request, reservation, on_hand, reserved, committed, due.
-- ARGV: content, reservation id, dealer, order, warehouse, lines as JSON, hold and retention in ms, SKUs, quantities.
-- Answers with a status, the decision that is remembered.

local first = redis.call('GET', KEYS[1])
if first then
  if string.sub(first, 1, #ARGV[1]) ~= ARGV[1] then
    return 'refused REQUEST_ID_REUSED'
  end
  return string.sub(first, #ARGV[1] + 1)
end

local fixed = 8
local count = (#ARGV - fixed) / 2
local skus = { unpack(ARGV, fixed + 1, fixed + count) }
local now = now_ms()

local function available_units()
  local on_hand = redis.call('HMGET', KEYS[3], unpack(skus))
  local reserved = redis.call('HMGET', KEYS[4], unpack(skus))
  local committed = redis.call('HMGET', KEYS[5], unpack(skus))
  local is_enough = true
  local available = {}
  for line = 1, count do
    if not on_hand[line] then
      return nil, false
    end
    local units = tonumber(on_hand[line]) - tonumber(reserved[line] or 0) - tonumber(committed[line] or 0)
    is_enough = is_enough and units >= tonumber(ARGV[fixed + count + line])
    available[line] = whole(units)
  end
  return available, is_enough, reserved
end

local available, is_enough, reserved = available_units()
if available and not is_enough then
  -- Holds that are due must not count, and only now does it matter.
  end_due_holds(now)
  available, is_enough, reserved = available_units()
end
if not available then
  return 'refused SKU_NOT_FOUND'
end

local decision
if is_enough then
  if count == 1 then
    redis.call('HINCRBY', KEYS[4], skus[1], ARGV[fixed + 2])
  else
    local fields = {}
    for line = 1, count do
      fields[2 * line - 1] = skus[line]
      fields[2 * line] = whole(tonumber(reserved[line] or 0) + tonumber(ARGV[fixed + count + line]))
    end
    redis.call('HSET', KEYS[4], unpack(fields))
  end
  local created, expires = whole(now), whole(now + tonumber(ARGV[7]))
  redis.call('HSET', KEYS[2], 'dealer', ARGV[3], 'order', ARGV[4], 'warehouse', ARGV[5], 'lines', ARGV[6],
    'state', 'PENDING', 'revision', 1, 'created', created, 'expires', expires)
  redis.call('ZADD', KEYS[6], expires, ARGV[2])
  decision = 'granted ' .. ARGV[2] .. ' ' .. created .. ' ' .. expires
else
  decision = 'short ' .. table.concat(available, ' ')
end
redis.call('SET', KEYS[1], ARGV[1] .. decision, 'PX', ARGV[8])
return decision
