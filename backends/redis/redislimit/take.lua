-- Takes from all buckets, or from none.
--
-- KEYS[i] is a bucket. ARGV[i] packs four numbers: its tokens, its window in microseconds, and how much longer it
-- takes to be full once the cost is taken, in microseconds and in parts of one more, each of 1/tokens of it. A
-- negative time gives back. A bucket is stored as four numbers too: when it is full, in microseconds and parts, and
-- the tokens and window that this was counted by. All are integers below 2^53; only a
-- changed limit is rounded, against the caller.
--
-- Answers, packed, how long each bucket takes to be full, in microseconds and parts, and then 1 when it took, else 0.
-- Packed since Redis would format, and the client parse, each number of a table.

local call, pack, unpackNumbers = redis.call, struct.pack, struct.unpack

local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]
local took = 1
local tokens, window, micros, parts, left, rest, after, afterRest, stale
local seen -- all buckets but the last, which is mostly the only one and stays in the variables

for i = 1, #KEYS do
  tokens, window, micros, parts = unpackNumbers('<dddd', ARGV[i])
  left, rest, stale = 0, 0, false
  local stored = call('GET', KEYS[i])
  if stored then
    local full, oldTokens, oldWindow
    full, rest, oldTokens, oldWindow = unpackNumbers('<dddd', stored)
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

  after, afterRest = left + micros, rest + parts
  if afterRest >= tokens then
    after, afterRest = after + 1, afterRest - tokens
  elseif afterRest < 0 then
    after, afterRest = after - 1, afterRest + tokens
  end
  if after < 0 then
    after, afterRest = 0, 0
  elseif after > window or (after == window and afterRest > 0) then
    took = 0
  end
  if i < #KEYS then
    seen = seen or {}
    seen[i] = {tokens, window, micros, parts, left, rest, after, afterRest, stale}
  end
end

local answer
for i = #KEYS, 1, -1 do
  if i < #KEYS then tokens, window, micros, parts, left, rest, after, afterRest, stale = unpack(seen[i]) end
  if took == 1 and (micros ~= 0 or parts ~= 0) then left, rest, stale = after, afterRest, true end
  if stale then
    -- A bucket that is full need not be there. Two more milliseconds, since Redis counts in whole ones.
    call('SET', KEYS[i], pack('<dddd', now + left, rest, tokens, window), 'PX', math.floor(left / 1000) + 2)
  end
  answer = answer and pack('<dd', left, rest) .. answer or pack('<ddd', left, rest, took)
end
return answer
