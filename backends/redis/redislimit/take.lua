-- Takes from all buckets, or from none.
--
-- KEYS[i] is a bucket. ARGV[i] packs four numbers: its tokens, its window in microseconds, and how much longer it
-- takes to be full once the cost is taken, in microseconds and in parts of one more, each of 1/tokens of it. A
-- negative time gives back. A bucket is stored as four numbers too: when it is full, in microseconds and parts, and
-- the tokens and window that this was counted by. All are integers below 2^53; only a
-- changed limit is rounded, against the caller.
--
-- Answers 1 when it took, else 0, and then how long each bucket takes to be full, in microseconds and parts, packed.

local call, pack, unpack = redis.call, struct.pack, struct.unpack

local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]
local before, after = {0, 0, 0}, {1, 0, 0} -- room for one bucket
local charges, stale

for i = 1, #KEYS do
  local tokens, window, micros, parts = unpack('>dddd', ARGV[i])
  local left, rest = 0, 0
  local stored = call('GET', KEYS[i])
  if stored then
    local full, oldTokens, oldWindow
    full, rest, oldTokens, oldWindow = unpack('>dddd', stored)
    left = full - now
    if left < 0 then
      left, rest = 0, 0
    elseif left > oldWindow or (left == oldWindow and rest > 0) then
      -- The clock went back. No bucket takes longer than its window.
      left, rest, stale = oldWindow, 0, true
    end
    if oldWindow ~= window then
      left, rest, stale = math.ceil((left + rest / oldTokens) * window / oldWindow), 0, true
    elseif oldTokens ~= tokens then
      rest, stale = math.ceil(rest * tokens / oldTokens), true
      if rest >= tokens then left, rest = left + 1, 0 end
    end
    -- Nor by what was rounded.
    if left > window or (left == window and rest > 0) then left, rest = window, 0 end
  end
  local at = 2 * i
  before[at], before[at + 1] = left, rest

  if micros ~= 0 or parts ~= 0 then charges = true end
  left, rest = left + micros, rest + parts
  if rest >= tokens then
    left, rest = left + 1, rest - tokens
  elseif rest < 0 then
    left, rest = left - 1, rest + tokens
  end
  if left < 0 then
    left, rest = 0, 0
  elseif left > window or (left == window and rest > 0) then
    after[1] = 0
  end
  after[at], after[at + 1] = left, rest
end

local answer = after
if after[1] == 0 then answer = before end
if stale or (charges and after[1] == 1) then
  for i = 1, #KEYS do
    local left, rest = answer[2 * i], answer[2 * i + 1]
    local limit = string.sub(ARGV[i], 1, 16)
    -- A bucket that is full need not be there. Two more milliseconds, since Redis counts in whole ones.
    call('SET', KEYS[i], pack('>ddc0', now + left, rest, limit), 'PX', math.floor(left / 1000) + 2)
  end
end
-- One string of numbers: Redis would format, and the client parse, each of a table.
local reply = pack('>ddd', answer[1], answer[2], answer[3])
for at = 4, 2 * #KEYS, 2 do
  reply = reply .. pack('>dd', answer[at], answer[at + 1])
end
return reply
