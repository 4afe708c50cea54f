-- Messages on one connection are each their own: recipients, fields and failures of one are not in the next.
local conn = mt.connect(socket)
if conn == nil then error "no connection" end

local function check(problem)
    if problem ~= nil then error(problem) end
end

local function send(rcpts, fields)
    check(mt.mailfrom(conn, "<bob@far.example>", "SIZE=100", "BODY=8BITMIME"))
    for _, rcpt in ipairs(rcpts) do check(mt.rcptto(conn, rcpt, "NOTIFY=NEVER")) end
    check(mt.header(conn, "From", " bob@far.example"))
    for _, field in ipairs(fields) do check(mt.header(conn, field[1], field[2])) end
    check(mt.bodystring(conn, "Hello.\r\n"))
    check(mt.eom(conn))
    return mt.getreply(conn)
end

check(mt.conninfo(conn, "client.example", "192.0.2.1"))
check(mt.helo(conn, "client.example"))

local forged = {{"X-Sealmilter-Status", " encryption=yes"}, {"x-sealmilter-status", " signature=good"}}
if send({"<alice@ours.example>"}, forged) ~= SMFIR_CONTINUE then error "not accepted" end
if not mt.eom_check(conn, MT_HDRDELETE, "X-Sealmilter-Status") and
   not mt.eom_check(conn, MT_HDRCHANGE, "X-Sealmilter-Status") then error "a forged status stays" end

if send({"<alice@ours.example>", "<a@b,c@d>"}, {}) ~= SMFIR_REPLYCODE then error "unreadable recipient accepted" end

if send({"<alice@ours.example>"}, {}) ~= SMFIR_CONTINUE then error "the next one is not accepted" end
if mt.eom_check(conn, MT_HDRDELETE) then error "an edit of the one before" end

if send({"<postmaster>"}, {}) ~= SMFIR_CONTINUE then error "address without domain refused" end
mt.disconnect(conn)
