-- What wrk sends: a file with one request a line, METHOD, path, bearer token and body, separated by tabs.
-- Arguments: the file; "once" where each request is sent once, and the turn ends with the list, "again" where the list begins anew; a Cookie, if any.

local function read(line, cookie)
  local method, path, bearer, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
  local headers = {}
  for name, value in pairs(wrk.headers) do headers[name] = value end
  if bearer ~= "" then headers["Authorization"] = "Bearer " .. bearer end
  if cookie and cookie ~= "" then headers["Cookie"] = cookie end
  if body ~= "" then headers["Content-Type"] = "application/json" end
  return method, path, headers, body ~= "" and body or nil
end

-- wrk itself, the shell's parent, would wait for all of the time that it was given. A signal is lost on it where this thread, as long as there is one,
-- takes it, or where it has not begun to wait: the shell sends it when wrk has one thread, and again. (os.execute has wrk ignore it meanwhile.)
local END_WRK = [[{
  until set -- /proc/$PPID/task/*; [ $# = 1 ]; do sleep 0.001; done
  while kill -INT $PPID; do sleep 1; done
} 2>/dev/null &]]

local function finish()
  wrk.thread:stop()
  io.popen(END_WRK):close()
end

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
    if order == "once" then
      if at == #requests then finish() end
      -- A connection that was ready together with the one that took the last request asks once more, and sends nothing.
      return requests[at] or ""
    end
    if at > #requests then at = 1 end
    return requests[at]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"bytes":%d,"wrongStatus":%d,"broken":%d,"timeouts":%d,"median":%d,"slowest":%d,"processor":%f}\n',
    summary.requests, summary.duration, summary.bytes, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency.max, os.clock()
  ))
end
