public import DataPlaneCore

/// Requests by HTTP: the refusals of WebSockets, and broadcasts.
extension RealtimeService {
    /// Bytes of a request's body beyond the largest broadcast.
    private static let envelopeBytesMax = 65_536

    /// The largest broadcast, and room for what is around it.
    public func bodyBytesMax(for request: ServiceRequest) -> Int {
        configuration.limits.broadcastBytesMax + Self.envelopeBytesMax
    }

    /// Refuses unknown paths, and callers without a token.
    public func refusal(ofHead request: ServiceRequest) -> ServiceResponse? {
        guard !request.isPreflight else { return nil }
        switch RealtimeRoute(request) {
        case .socket: return socketRefusal(request)
        case .broadcasts, .broadcast:
            do throws(TokenProblem) {
                _ = try caller(request)
                return nil
            } catch { return finished(Self.message(401, "Unauthorized")) }
        case nil: return finished(Self.message(404, "There is nothing at this path"))
        }
    }

    /// The answer to a request whose body was not taken in.
    public func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        switch problem {
        case .tooLarge: finished(Self.message(413, "The body is larger than a broadcast may be"))
        case .tooSlow: finished(Self.message(408, "The end of the body did not come in time"))
        case .tooMany: finished(Self.message(503, "Too many large bodies are in hand; try again later"))
        }
    }

    /// Answers a request.
    public func respond(to request: ServiceRequest) async -> ServiceResponse {
        if request.isPreflight { return Self.preflight(request) }
        if let refusal = refusal(ofHead: request) { return refusal }
        let response: ServiceResponse
        switch RealtimeRoute(request) {
        case .broadcasts: response = await send(BroadcastRequest.batch(request.body), for: request)
        case .broadcast(let topic, let event, let isPrivate):
            let parsed = BroadcastRequest.single(request, topic: topic, event: event, isPrivate: isPrivate)
            response = await send(parsed, for: request, isSingle: true)
        default: response = Self.message(404, "There is nothing at this path")
        }
        return finished(response)
    }

    // MARK: WebSockets

    /// Whether a request may become a WebSocket.
    public func admission(of request: ServiceRequest) -> SocketAdmission? {
        guard case .socket = RealtimeRoute(request), case .success(let admission) = admit(request) else { return nil }
        return admission
    }

    private func socketRefusal(_ request: ServiceRequest) -> ServiceResponse {
        switch admit(request) {
        case .success:
            var response = Self.error(426, "This address is for WebSockets")
            response.set("Upgrade", "websocket")
            return response
        case .failure(let refusal): return Self.error(refusal.status, refusal.text)
        }
    }

    private struct SocketRefusal: Error {
        var status: Int
        var text: String
    }

    private func admit(_ request: ServiceRequest) -> Result<SocketAdmission, SocketRefusal> {
        let query = RealtimeRoute.parameters(request.query)
        guard let version = FrameVersion(rawValue: query["vsn"] ?? FrameVersion.one.rawValue) else {
            return .failure(SocketRefusal(status: 400, text: "vsn is 1.0.0 or 2.0.0"))
        }
        guard hasRoom else {
            return .failure(SocketRefusal(status: 429, text: "ConnectionRateLimitReached: Too many connected users"))
        }
        do throws(TokenProblem) {
            let key = request.header("x-api-key") ?? query["apikey"] ?? request.header("apikey")
            let bearer = key == nil ? try Self.bearer(request) : nil
            guard let key = key ?? bearer, !key.isEmpty else {
                return .failure(SocketRefusal(status: 401, text: "The request has no API key"))
            }
            let claims = try tokens.claims(of: key, at: clock())
            return .success(SocketAdmission(version: version, claims: claims))
        } catch { return .failure(SocketRefusal(status: 401, text: error.description)) }
    }

    // MARK: Broadcasts

    private func caller(_ request: ServiceRequest) throws(TokenProblem) -> ChannelClaims {
        // The key of a project stands beside a user's token; alone it is the caller.
        let bearer = try Self.bearer(request)
        guard let token = bearer ?? request.header("apikey") else { throw .malformed }
        return try tokens.claims(of: token, at: clock())
    }

    private static func bearer(_ request: ServiceRequest) throws(TokenProblem) -> String? {
        do throws(TokenRefusal) { return try BearerToken.of(request) } catch { throw .malformed }
    }

    private func send(
        _ parsed: Result<[BroadcastRequest], BroadcastRequest.Refusal>, for request: ServiceRequest,
        isSingle: Bool = false
    ) async -> ServiceResponse {
        let messages: [BroadcastRequest]
        switch parsed {
        case .success(let all): messages = all
        case .failure(let refusal): return refusal.response
        }
        if let index = messages.firstIndex(where: { $0.payload.count > limits.broadcastBytesMax }) {
            return BroadcastRequest.Refusal.fields(at: index, of: messages.count, ["payload": "is too large"]).response
        }
        guard let claims = try? caller(request) else { return Self.message(401, "Unauthorized") }
        var rights: [String: Bool] = [:]
        for topic in Set(messages.filter(\.key.isPrivate).map(\.key.name)) {
            let question = PolicyQuestion(kind: .write, claims: claims, topic: topic)
            // A policy that fails gives no right.
            rights[topic] = (try? await policies.rights(question))?.broadcast ?? false
        }
        let allowed = messages.filter { !$0.key.isPrivate || rights[$0.key.name] == true }
        if isSingle, allowed.isEmpty { return Self.message(403, "Unauthorized") }
        return handOn(allowed)
    }

    private func handOn(_ messages: [BroadcastRequest]) -> ServiceResponse {
        let now = clock()
        var isOverRate = false
        for message in messages {
            change { state in
                guard let effects = state.broadcast(message.broadcast, to: message.key, at: now) else {
                    isOverRate = true
                    return []
                }
                return effects
            }
        }
        var response =
            isOverRate ? Self.message(429, "You have exceeded your rate limit") : ServiceResponse(status: 202)
        let rolling = read { state in
            state.messages.advance(to: now)
            return Double(state.messages.total) / Double(RateWindow.seconds)
        }
        response.set("x-rate-rolling", "\(rolling)")
        response.set("x-rate-limit", "\(limits.messagesPerSecondMax)")
        response.set("x-rate-limit-remaining", "\(max(0, limits.messagesPerSecondMax - Int(rolling)))")
        return response
    }

    // MARK: Answers

    private static func error(_ status: Int, _ text: String) -> ServiceResponse {
        ServiceResponse(status: status, json: .object([.init("error", .string(text))]))
    }

    private static func message(_ status: Int, _ text: String) -> ServiceResponse {
        ServiceResponse(status: status, json: .object([.init("message", .string(text))]))
    }

    private func finished(_ response: ServiceResponse) -> ServiceResponse {
        var response = response
        response.set("Access-Control-Allow-Origin", "*")
        return response
    }

    private static func preflight(_ request: ServiceRequest) -> ServiceResponse {
        var response = ServiceResponse(status: 204)
        response.set("Access-Control-Allow-Origin", "*")
        response.set("Access-Control-Allow-Methods", "POST, OPTIONS")
        let asked = request.header("access-control-request-headers")
        response.set("Access-Control-Allow-Headers", asked ?? "authorization, apikey, content-type, x-client-info")
        response.set("Access-Control-Max-Age", "86400")
        return response
    }
}
