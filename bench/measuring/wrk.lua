-- What wrk sends: a file with one request a line, METHOD, path, bearer token and body, separated by tabs.
-- Arguments: the file; "once" where each request is sent once, "again" where the list begins anew; a Cookie, if any.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local function read(line, cookie)
  local method, path, bearer, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
  local headers = {}
  for name, value in pairs(wrk.headers) do headers[name] = value end
  if bearer ~= "" then headers["Authorization"] = "Bearer " .. bearer end
  if cookie and cookie ~= "" then headers["Cookie"] = cookie end
  if body ~= "" then headers["Content-Type"] = "application/json" end
  return method, path, headers, body ~= "" and body or nil
end

-- Set for done(): whether a list that is sent once was too short.
exhausted = false

function init(args)
  local list, order, cookie = args[1], args[2], args[3]
  local lines, requests, at = {}, {}, 0
  for line in io.lines(list) do
    lines[#lines + 1] = line
  end
  if #lines == 1 then
    -- Without a function to call for each request, wrk is twice as quick.
    wrk.method, wrk.path, wrk.headers, wrk.body = read(lines[1], cookie)
    return
  end
  for _, line in ipairs(lines) do
    requests[#requests + 1] = wrk.format(read(line, cookie))
  end
  request = function()
    at = at + 1
    if at > #requests then
      at = 1
      exhausted = order == "once"
    end
    return requests[at]
  end
end

function done(summary, latency)
  local short = false
  for _, thread in ipairs(threads) do
    short = short or thread:get("exhausted")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"bytes":%d,"wrongStatus":%d,"broken":%d,"timeouts":%d,"median":%d,"slowest":%d,"processor":%f,"exhausted":%s}\n',
    summary.requests, summary.duration, summary.bytes, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency.max, os.clock(), tostring(short)
  ))
end
