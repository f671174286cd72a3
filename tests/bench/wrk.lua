-- Asks for the paths in a file, one a line: in turn ("each") or at random. Prints its figures as one line of JSON.
--
--     wrk -t1 -c32 -d5s -s wrk.lua http://127.0.0.1:9000 -- paths.txt random

local requests, at, random = {}, 0, true

function init(args)
  random = args[2] ~= "each"
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  math.randomseed(1)
end

function request()
  if random then return requests[math.random(#requests)] end
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests":%d,"duration_us":%d,"failed":%d,"p50_us":%d,"p99_us":%d}',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
