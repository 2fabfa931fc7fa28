-- Decides who may pass the gateway.
--
-- Every route of envoy.yaml names its rule in its metadata (`access`); a route without one is closed:
--   open          anyone
--   key           an API key of either role, or a temporary key
--   service_role  the service_role key only, or a temporary one of that role
--   functions     anyone, but an opaque key (sb_…) must be genuine; it moves to the header sb-api-key
--   storage       anyone, but an opaque key must be genuine; the token of its role takes its place
--   dashboard     user name and password of the dashboard
--   denied        nobody
--
-- Keys come from the environment when Envoy starts, so no file holds a secret. Without them Envoy does not start.

local function required(name)
    local value = os.getenv(name)
    if value == nil or value == "" then
        error("gateway: the variable " .. name .. " is required")
    end
    return value
end

local anon_key = required("ANON_KEY")
local service_role_key = required("SERVICE_ROLE_KEY")
local dashboard_login = required("DASHBOARD_USERNAME") .. ":" .. required("DASHBOARD_PASSWORD")
local public_url = required("SUPABASE_PUBLIC_URL")

local public_scheme = string.match(public_url, "^(https?)://[^/]+")
if public_scheme == nil then
    error("gateway: SUPABASE_PUBLIC_URL must begin with http:// or https:// and name a host")
end
local public_origin = string.match(public_url, "^https?://[^/]+")
local default_ports = { http = "80", https = "443" }

-- How many proxies stand between the clients and the gateway, one behind the other.
local trusted_proxies = tonumber(os.getenv("GATEWAY_TRUSTED_PROXIES") or "0")
if trusted_proxies == nil or trusted_proxies < 0 or trusted_proxies > 10 or trusted_proxies % 1 ~= 0 then
    error("gateway: GATEWAY_TRUSTED_PROXIES must be a number from 0 to 10")
end

-- Each accepted key with its role and the JSON Web Token that the services behind the gateway understand. With
-- LEGACY_KEYS_ENABLED=false the signed keys stay known, to be refused by name.
local legacy_disabled = os.getenv("LEGACY_KEYS_ENABLED") == "false"
local keys = {
    [anon_key] = { role = "anon", token = anon_key, refused = legacy_disabled },
    [service_role_key] = { role = "service_role", token = service_role_key, refused = legacy_disabled },
}
-- A variable holds one opaque key or several, separated by commas.
local function accept_opaque(name, role, token)
    for value in string.gmatch(os.getenv(name) or "", "[^,%s]+") do
        keys[value] = { role = role, token = token }
    end
end
accept_opaque("SUPABASE_PUBLISHABLE_KEY", "anon", anon_key)
accept_opaque("SUPABASE_PUBLISHABLE_KEYS", "anon", anon_key)
accept_opaque("SUPABASE_SECRET_KEY", "service_role", service_role_key)
accept_opaque("SUPABASE_SECRET_KEYS", "service_role", service_role_key)
accept_opaque("GATEWAY_SERVICE_KEY", "service_role", service_role_key)

local function is_opaque(text)
    return text ~= nil and string.sub(text, 1, 3) == "sb_"
end

-- The text after "Bearer ", or nil. credentials.lua has seen to the form.
local function bearer(headers)
    return string.match(headers:get("authorization") or "", "^Bearer (%S+)$")
end

local function is_jwt(text)
    return text ~= nil and string.find(text, "^[%w_-]+%.[%w_-]+%.[%w_-]*$") ~= nil
end

-- Longest life of a temporary key in seconds. The project's own keys are signed with the same secret and live for years:
-- one that was switched off or replaced must not come back in by this door.
local temporary_life_max = 3600
local temporary_roles = { anon = true, authenticated = true, service_role = true }

-- What Envoy's JWT filter has verified before this runs, signature and times: the claims of the token that stands in the
-- place of the key (`temporary_key`) or behind "Bearer" (`bearer`). Of a forged or expired one there are no claims.
local function verified_claims(handle, place)
    local verified = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")
    return verified and verified[place] or nil
end

-- Whether a token of the manager lives no longer than a temporary key may.
local function is_temporary(claims)
    local issued, expires = tonumber(claims["iat"]), tonumber(claims["exp"])
    return issued ~= nil and expires ~= nil and expires - issued <= temporary_life_max
end

-- The temporary key that a request brings, or nil when it is none. Tokens of users name another issuer and do not count
-- as keys.
local function temporary_key(handle, key)
    local claims = is_jwt(key) and verified_claims(handle, "temporary_key")
    if not claims or claims["iss"] ~= "supabase" or not temporary_roles[claims["role"]] or not is_temporary(claims) then
        return nil
    end
    return { role = claims["role"], token = key }
end

-- Refuses the request; the gateway's local reply format wraps the message into {"message": …}.
local function refuse(handle, status, message, headers)
    local reply = headers or {}
    reply[":status"] = tostring(status)
    handle:respond(reply, message)
end

local function percent_decoded(text)
    return (string.gsub(text, "%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

-- The key of a request: the header, else the query parameter (browsers cannot set headers on a WebSocket).
local function api_key(headers)
    local key = headers:get("apikey")
    if key ~= nil and key ~= "" then
        return key
    end
    local query = string.match(headers:get(":path") or "", "%?([^#]*)")
    for pair in string.gmatch(query or "", "[^&]+") do
        local value = string.match(pair, "^apikey=(.+)$")
        if value ~= nil then
            return percent_decoded(value)
        end
    end
    return nil
end

-- The part of a signed key that its signature covers. A signature can be spelled in several ways that tolerant decoders
-- read as the same; this part cannot, or the signature would not fit.
local function signed_part(key)
    return string.match(key, "^(.+)%.[^.]*$")
end
local switched_off = { signed_part(anon_key), signed_part(service_role_key) }

local function holds_signed_key(text)
    for _, part in ipairs(switched_off) do
        if string.find(text, part, 1, true) ~= nil then
            return true
        end
    end
    return false
end

local base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local unread_bits = { [0] = 1, [2] = 16, [3] = 4 }

-- Whether a signature is spelled as issuers spell it: no padding, no bits that nobody reads. Whether another spelling
-- counts would depend on the decoder.
local function is_canonical(token)
    local signature = string.match(token, "%.([%w_-]*)$")
    local unread = signature ~= nil and unread_bits[#signature % 4]
    if not unread then
        return false
    end
    return signature == "" or (string.find(base64url, string.sub(signature, -1), 1, true) - 1) % unread == 0
end

-- Whether verified claims are those of a token of the manager that lives for long: a signed key, of now or of before.
local function is_lasting(claims)
    return claims ~= nil and claims["iss"] == "supabase" and not is_temporary(claims)
end

-- Whether a request brings a token that could come in for a signed key: of the manager and for long, or spelled so that
-- this cannot be told.
local function is_suspicious(handle, headers)
    if is_lasting(verified_claims(handle, "temporary_key")) or is_lasting(verified_claims(handle, "bearer")) then
        return true
    end
    local value = headers:get("authorization") or ""
    local token = bearer(headers)
    if token == nil then
        -- Storage takes a token without a scheme, too.
        return string.find(value, "^[%w_=-]+%.[%w_=-]+%.[%w_=-]*$") ~= nil
    end
    return string.find(token, "^[^.]+%.[^.]+%.") ~= nil and not is_canonical(token)
end

-- Refuses signed keys that are switched off, wherever they stand: in any header, anywhere in the query. True when it
-- did. A token that a user got by signing in is another one and keeps working.
local function refuse_legacy(handle, headers)
    if not legacy_disabled then
        return false
    end
    local found = is_suspicious(handle, headers)
    for _, value in pairs(headers) do
        found = found or holds_signed_key(value)
    end
    -- The path is among the headers; here it is as a service decodes it.
    if found or holds_signed_key(percent_decoded(headers:get(":path") or "")) then
        refuse(handle, 401, "Legacy API keys are disabled")
        return true
    end
    return false
end

-- Checks the API key; true when the request may pass.
local function pass_with_key(handle, headers, metadata, service_role_only)
    local key = api_key(headers)
    if key == nil then
        refuse(handle, 401, "No API key found in request")
        return false
    end
    local known = keys[key] or temporary_key(handle, key)
    if known == nil then
        refuse(handle, 401, "Invalid API key")
        return false
    end
    if service_role_only and known.role ~= "service_role" then
        refuse(handle, 403, "This route is reserved for the service_role key")
        return false
    end

    -- A user's own token goes through; anything else is replaced by the token that belongs to the key.
    if not is_jwt(bearer(headers)) then
        headers:replace("authorization", "Bearer " .. known.token)
    end
    headers:replace("apikey", known.token)
    headers:remove("x-api-key")
    if metadata:get("copy_key") then
        headers:replace("x-api-key", known.token)
    end
    return true
end

-- The genuine opaque key of a request, where none is needed. False when the request was refused; nil without one.
local function opaque_key(handle, headers)
    local header_key = headers:get("apikey")
    local bearer_key = bearer(headers)
    if not is_opaque(header_key) then header_key = nil end
    if not is_opaque(bearer_key) then bearer_key = nil end
    if header_key ~= nil and bearer_key ~= nil and header_key ~= bearer_key then
        refuse(handle, 401, "Two different API keys in one request")
        return false
    end
    local key = header_key or bearer_key
    if key ~= nil and keys[key] == nil then
        refuse(handle, 401, "Invalid API key")
        return false
    end
    return key
end

-- Puts the token of an opaque key where the service looks for it; a user's own token stays.
local function translate(headers, key)
    if is_opaque(bearer(headers)) or headers:get("authorization") == nil then
        headers:replace("authorization", "Bearer " .. keys[key].token)
    end
end

local function pass_to_functions(handle, headers)
    headers:remove("sb-api-key")
    local key = opaque_key(handle, headers)
    if key then
        headers:replace("sb-api-key", key)
        headers:remove("apikey")
        translate(headers, key)
    end
    return key ~= false
end

local function pass_to_storage(handle, headers)
    local key = opaque_key(handle, headers)
    if key then
        headers:replace("apikey", keys[key].token)
        translate(headers, key)
    end
    return key ~= false
end

local function pass_to_dashboard(handle, headers)
    local given = string.match(headers:get("authorization") or "", "^[Bb][Aa][Ss][Ii][Cc]%s+(%S+)%s*$")
    if given ~= handle:base64Escape(dashboard_login) then
        local challenge = { ["www-authenticate"] = 'Basic realm="dashboard", charset="UTF-8"' }
        refuse(handle, 401, "The dashboard needs a user name and a password", challenge)
        return false
    end
    headers:remove("authorization")
    return true
end

-- Routes for administrators answer scripts of the project's own address and of local development only.
local function is_trusted_origin(origin)
    return origin == public_origin
        or string.find(origin, "^https?://localhost$") ~= nil
        or string.find(origin, "^https?://localhost:%d+$") ~= nil
        or string.find(origin, "^https?://127%.0%.0%.1$") ~= nil
        or string.find(origin, "^https?://127%.0%.0%.1:%d+$") ~= nil
end

local function cross_origin_headers(origin, requested)
    return {
        ["access-control-allow-origin"] = origin,
        ["access-control-allow-methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ["access-control-allow-headers"] = requested or "authorization, apikey, content-type",
        ["access-control-max-age"] = "3600",
        ["vary"] = "origin",
    }
end

-- Answers the browser's preflight of an administrator's route; true when it was one.
local function answer_preflight(handle, headers)
    local origin = headers:get("origin")
    if origin == nil or not is_trusted_origin(origin) then
        return false
    end
    handle:streamInfo():dynamicMetadata():set("gateway", "origin", origin)
    if headers:get(":method") ~= "OPTIONS" or headers:get("access-control-request-method") == nil then
        return false
    end
    local reply = cross_origin_headers(origin, headers:get("access-control-request-headers"))
    reply[":status"] = "204"
    handle:respond(reply, "")
    return true
end

-- The /64 of an IPv6 address, which is what one client has; nil when the text is none.
local function ipv6_network(text)
    local head, tail = string.match(text, "^(.-)::(.*)$")
    local groups, last = {}, {}
    for group in string.gmatch(head or text, "[^:]+") do groups[#groups + 1] = group end
    for group in string.gmatch(tail or "", "[^:]+") do last[#last + 1] = group end
    local missing = 8 - #groups - #last
    if (head == nil and missing ~= 0) or missing < 0 then
        return nil
    end
    for _ = 1, missing do groups[#groups + 1] = "0" end
    for _, group in ipairs(last) do groups[#groups + 1] = group end
    local network = {}
    for index = 1, 4 do
        local number = string.find(groups[index], "^%x%x?%x?%x?$") and tonumber(groups[index], 16)
        if not number then
            return nil
        end
        network[index] = string.format("%x", number)
    end
    return table.concat(network, ":") .. "::/64"
end

-- An address in the one form in which clients are counted; nil when the text is none.
local function client_of(text)
    local address = string.match(text, "^%s*%[?([%x:.]+)%]?%s*$")
    if address == nil or #address > 45 then
        return nil
    end
    address = string.match(address, "^::[fF][fF][fF][fF]:(%d+%.%d+%.%d+%.%d+)$") or address
    if string.find(address, "^%d+%.%d+%.%d+%.%d+$") then
        return address
    end
    return ipv6_network(address)
end

-- Who sent the request. Envoy has put the address of the connection at the end of x-forwarded-for; each trusted proxy
-- has put the address of its own client before that. What stands further in front comes from the client.
local function client(headers)
    local addresses = {}
    for address in string.gmatch(headers:get("x-forwarded-for") or "", "[^,]+") do
        addresses[#addresses + 1] = address
    end
    local connection = client_of(addresses[#addresses] or "") or "unknown"
    return client_of(addresses[#addresses - trusted_proxies] or "") or connection
end

-- Tells the service behind the gateway who sent the request, and how the client addressed it.
local function add_forwarding_headers(headers, metadata)
    headers:replace("x-gateway-client", client(headers))
    local authority = headers:get(":authority") or ""
    headers:replace("x-forwarded-proto", public_scheme)
    headers:replace("x-forwarded-host", authority)
    headers:replace("x-forwarded-port", string.match(authority, ":(%d+)$") or default_ports[public_scheme])
    local prefix = metadata:get("prefix")
    if prefix ~= nil then
        headers:replace("x-forwarded-prefix", prefix)
    else
        headers:remove("x-forwarded-prefix")
    end
end

function envoy_on_request(handle)
    local headers = handle:headers()
    local metadata = handle:metadata()
    local access = metadata:get("access")

    if metadata:get("trusted_origins_only") and answer_preflight(handle, headers) then
        return
    end

    local passes = false
    if refuse_legacy(handle, headers) then
        return
    elseif access == "open" then
        passes = true
    elseif access == "key" then
        passes = pass_with_key(handle, headers, metadata, false)
    elseif access == "service_role" then
        passes = pass_with_key(handle, headers, metadata, true)
    elseif access == "functions" then
        passes = pass_to_functions(handle, headers)
    elseif access == "storage" then
        passes = pass_to_storage(handle, headers)
    elseif access == "dashboard" then
        passes = pass_to_dashboard(handle, headers)
    else
        refuse(handle, 403, "This route is closed")
    end

    if passes then
        add_forwarding_headers(headers, metadata)
    end
end

function envoy_on_response(handle)
    local state = handle:streamInfo():dynamicMetadata():get("gateway")
    if state ~= nil and state["origin"] ~= nil then
        for name, value in pairs(cross_origin_headers(state["origin"], nil)) do
            handle:headers():replace(name, value)
        end
        handle:headers():replace("access-control-expose-headers", "*")
    end
end
