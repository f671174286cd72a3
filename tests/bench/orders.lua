-- Takes an order a request, of one unit of each of so many SKUs, with an id and an idempotency key of its own.
local counter, threads = 0, 0

function setup(t)
    t:set("id", threads)
    threads = threads + 1
end

function init(args)
    key, skus, lines, run = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
end

function request()
    local wanted = {}
    for line = 1, lines do
        local sku = string.format("bench-%07d", ((counter * lines + line) * 7919) % skus)
        wanted[line] = string.format('{"sku":"%s","quantity":1}', sku)
    end
    counter = counter + 1
    local headers = {
        ["authorization"] = "Bearer " .. key,
        ["content-type"] = "application/json",
        ["idempotency-key"] = string.format("%s-%d-%d", run, id, counter),
    }
    return wrk.format("POST", "/v1/orders", headers, '{"lines":[' .. table.concat(wanted, ",") .. "]}")
end

function done(summary, latency, requests)
    io.write(string.format(
        'RESULT {"requests": %d, "duration_us": %d, "errors": %d, "p50_us": %d, "p99_us": %d, "max_us": %d}\n',
        summary.requests, summary.duration,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
