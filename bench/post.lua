-- The hook that wrk posts again and again, and what it says at the end in a form a program reads. Each hook has a
-- delivery id of its own, which GitHub's signature does not cover. With BENCH_ONE_ID all have the same: all but the
-- first are duplicates.
wrk.method = "POST"
wrk.body = io.open(os.getenv("BENCH_BODY"), "rb"):read("*a")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "GitHub-Hookshot/044aadd"
wrk.headers["X-GitHub-Event"] = "push"
wrk.headers["X-GitHub-Delivery"] = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
wrk.headers["X-Hub-Signature-256"] = os.getenv("BENCH_SIGNATURE")

if not os.getenv("BENCH_ONE_ID") then
  local count, before, after = 0, nil, nil
  function request()
    if not before then -- wrk.format is too slow for each request
      local whole = wrk.format()
      local _, last = whole:find("81ab-4c9367dc0958", 1, true)
      before, after = whole:sub(1, last - 12), whole:sub(last + 1)
    end
    count = count + 1
    return before .. string.format("%012x", count) .. after
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
