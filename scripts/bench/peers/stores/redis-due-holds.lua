-- Part of every script of the race's Redis peer: what holds are, and how they end when their time is over.
-- Stock is three hashes for each warehouse (on_hand:W, reserved:W, committed:W), a reservation is a hash, its deadline
-- a member of the sorted set `due`. Numbers are exact up to 2^53 and written without an exponent.

local function whole(number)
  return string.format('%.0f', number)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function end_due_holds(now)
  while true do
    local due = redis.call('ZRANGEBYSCORE', 'due', '-inf', whole(now), 'LIMIT', 0, 1000)
    if #due == 0 then
      return
    end
    for _, id in ipairs(due) do
      local key = 'reservation:' .. id
      local hold = redis.call('HMGET', key, 'warehouse', 'lines')
      for _, line in ipairs(cjson.decode(hold[2])) do
        redis.call('HINCRBY', 'reserved:' .. hold[1], line[1], whole(-line[2]))
      end
      redis.call('HSET', key, 'state', 'EXPIRED')
      redis.call('HINCRBY', key, 'revision', 1)
    end
    redis.call('ZREM', 'due', unpack(due))
  end
end
