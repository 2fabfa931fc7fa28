import DataPlaneCore

/// A broadcast that came by HTTP.
struct BroadcastRequest: Sendable, Equatable {
    /// Broadcasts of one request.
    static let batchMax = 1_000

    let key: TopicKey
    let event: String
    let encoding: UserBroadcast.Encoding
    let payload: [UInt8]

    var broadcast: UserBroadcast {
        UserBroadcast(topic: key.wireTopic, event: event, encoding: encoding, payload: payload)
    }

    /// Why a body is no broadcast.
    enum Refusal: Error, Sendable, Equatable {
        /// The request as a whole.
        case request(String)
        /// One message: its index, how many there are, and what is wrong with which of its fields.
        case fields(at: Int, of: Int, [String: String])
        case mediaType

        var response: ServiceResponse {
            switch self {
            case .mediaType:
                let text = JSONText.string("The body is application/json or application/octet-stream")
                return ServiceResponse(status: 415, json: .object([.init("message", text)]))
            case .request(let text): return Self.unprocessable(.array([.string(text)]))
            case .fields(let index, let count, let problems):
                let named = JSONText.object(
                    problems.sorted { $0.key < $1.key }.map { .init($0.key, .array([.string($0.value)])) })
                return Self.unprocessable(.array((0..<count).map { $0 == index ? named : .object([]) }))
            }
        }

        private static func unprocessable(_ messages: JSONText) -> ServiceResponse {
            let errors = JSONText.object([.init("messages", messages)])
            return ServiceResponse(status: 422, json: .object([.init("errors", errors)]))
        }
    }

    /// `{"messages": [{"topic", "event", "payload", "private"?}]}`
    static func batch(_ body: [UInt8]) -> Result<[BroadcastRequest], Refusal> {
        guard let json = try? JSONText(body, limits: .ofMessages), let elements = json["messages"]?.arrayValue else {
            return .failure(.request("is not a list"))
        }
        guard elements.count <= batchMax else { return .failure(.request("has more than \(batchMax) entries")) }
        var messages: [BroadcastRequest] = []
        for (index, element) in elements.enumerated() {
            var problems: [String: String] = [:]
            let topic = element["topic"]?.stringValue ?? ""
            let event = element["event"]?.stringValue ?? ""
            if topic.isEmpty { problems["topic"] = "is missing" }
            if event.isEmpty { problems["event"] = "is missing" }
            if element["payload"] == nil { problems["payload"] = "is missing" }
            guard let payload = element["payload"], problems.isEmpty else {
                return .failure(.fields(at: index, of: elements.count, problems))
            }
            messages.append(
                BroadcastRequest(
                    key: TopicKey(name: topic, isPrivate: element["private"] == .bool(true)), event: event,
                    encoding: .json, payload: Array(payload.text.utf8)))
        }
        return .success(messages)
    }

    /// The body is the payload.
    static func single(
        _ request: ServiceRequest, topic: String, event: String, isPrivate: Bool
    ) -> Result<[BroadcastRequest], Refusal> {
        let type = request.header("content-type")?.split(separator: ";").first.map { $0.lowercased() }
        let encoding: UserBroadcast.Encoding
        switch type {
        case "application/json"?:
            guard (try? JSONText(request.body, limits: .ofMessages)) != nil else {
                return .failure(.fields(at: 0, of: 1, ["payload": "is not JSON"]))
            }
            encoding = .json
        case "application/octet-stream"?: encoding = .raw
        default: return .failure(.mediaType)
        }
        let message = BroadcastRequest(
            key: TopicKey(name: topic, isPrivate: isPrivate), event: event, encoding: encoding, payload: request.body)
        return .success([message])
    }
}
