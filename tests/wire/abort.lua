-- A message given up at each state; the same connection then takes a whole one.
local conn = mt.connect(socket)
if conn == nil then error "no connection" end

local function check(problem)
    if problem ~= nil then error(problem) end
end

local steps = {
    function() check(mt.mailfrom(conn, "<bob@far.example>")) end,
    function() check(mt.rcptto(conn, "<alice@ours.example>")) end,
    function() check(mt.header(conn, "From", " bob@far.example")) end,
    function() check(mt.bodystring(conn, "Hello.\r\n")) end,
}

check(mt.conninfo(conn, "client.example", "192.0.2.1"))
check(mt.helo(conn, "client.example"))
for last = 1, #steps do
    for i = 1, last do steps[i]() end
    check(mt.abort(conn))
    for i = 1, #steps do steps[i]() end
    check(mt.eom(conn))
    if mt.getreply(conn) ~= SMFIR_CONTINUE then
        error("after a message given up at step " .. last .. " the next one is not accepted")
    end
end
mt.disconnect(conn)
