-- Takes one of each key, or nothing of any: the sums of lombard_domain::limit::take, in whole microseconds.
-- KEYS: what is counted. ARGV: for each key the microseconds after which there is one more, and those in which all come back.
-- Gives: whether it was taken, the time here, and when each key is full again.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local admitted = 1
local known, taken = {}, {}
for i, key in ipairs(KEYS) do
  local interval, refill = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local full_at = tonumber(redis.call('GET', key)) or now
  known[i] = math.min(math.max(full_at, now), now + refill)
  taken[i] = known[i] + interval
  if taken[i] > now + refill then admitted = 0 end
end
local answer = { admitted, now }
for i, key in ipairs(KEYS) do
  if admitted == 1 then
    redis.call('SET', key, string.format('%.0f', taken[i]), 'PX', math.ceil((taken[i] - now) / 1000))
    answer[i + 2] = taken[i]
  else
    answer[i + 2] = known[i]
  end
end
return answer
