-- wrk's script: the same signed request again and again, each with a delivery id of its own.
-- Arguments: two files, with what stands before and after the id.

local before, after
local random, format = math.random, string.format

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(arguments)
  before, after = read(arguments[1]), read(arguments[2])
  -- each thread and each run starts elsewhere
  local seed = 0
  local source = assert(io.open("/dev/urandom", "rb"))
  for _, byte in ipairs({ source:read(6):byte(1, 6) }) do seed = seed * 256 + byte end
  source:close()
  math.randomseed(seed)
end

function request()
  local id = format("%08x-%04x-4%03x-%04x-%06x%06x", random(0, 0xffffffff), random(0, 0xffff), random(0, 0xfff),
    random(0x8000, 0xbfff), random(0, 0xffffff), random(0, 0xffffff))
  return before .. id .. after
end

function done(summary, latency)
  local errors = summary.errors
  local out = { format('"requests": %d, "microseconds": %d', summary.requests, summary.duration) }
  for _, name in ipairs({ "connect", "read", "write", "status", "timeout" }) do
    out[#out + 1] = format('"%s": %d', name, errors[name])
  end
  for _, percentile in ipairs({ 50, 75, 90, 95, 99, 99.9 }) do
    out[#out + 1] = format('"p%g": %d', percentile, latency:percentile(percentile))
  end
  out[#out + 1] = format('"max": %d, "mean": %d', latency.max, latency.mean)
  io.write("\n{", table.concat(out, ", "), "}\n")
end
