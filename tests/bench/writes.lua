-- Adjusts one SKU a request, another each time, with an idempotency key of its own.
local counter, thread = 0, 0
local threads = 0

function setup(t)
    t:set("id", threads)
    threads = threads + 1
end

function init(args)
    key, skus, run = args[1], tonumber(args[2]), args[3]
    counter = id * 7919
end

function request()
    counter = counter + 1
    local sku = string.format("bench-%07d", (counter * 7919) % skus)
    local body = string.format('{"reason":"bench","lines":[{"sku":"%s","change":1}]}', sku)
    local headers = {
        ["authorization"] = "Bearer " .. key,
        ["content-type"] = "application/json",
        ["idempotency-key"] = string.format("%s-%d-%d", run, id, counter),
    }
    return wrk.format("POST", "/v1/stock/adjustments", headers, body)
end

function done(summary, latency, requests)
    io.write(string.format(
        'RESULT {"requests": %d, "duration_us": %d, "errors": %d, "p50_us": %d, "p99_us": %d, "max_us": %d}\n',
        summary.requests, summary.duration,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
