-- Runs before tokens are verified: one credential of each kind, written in one way.
--
-- Envoy joins repeated headers with a comma, services take the first, the last or the whole text, and each reads the
-- scheme of a token in its own way. So what is judged here and what a service uses could be two things.

local function refuse(handle, message)
    handle:respond({ [":status"] = "400" }, message)
end

function envoy_on_request(handle)
    local headers = handle:headers()
    if headers:getNumValues("apikey") > 1 then
        return refuse(handle, "At most one apikey header")
    end
    local value = headers:get("authorization")
    if value == nil then
        return
    end
    local token = string.match(value, "^[Bb][Ee][Aa][Rr][Ee][Rr]%s+([^%s,]+)%s*$")
    local begins_so = string.find(value, "^%s*[Bb][Ee][Aa][Rr][Ee][Rr]%f[%s]") ~= nil
    local holds_another = string.find(value, ",%s*[Bb][Ee][Aa][Rr][Ee][Rr]%f[%s]") ~= nil
    if headers:getNumValues("authorization") > 1 or holds_another or (begins_so and token == nil) then
        return refuse(handle, "One Authorization header, and one credential in it")
    end
    if token ~= nil then
        headers:replace("authorization", "Bearer " .. token)
    end
end
