import DataPlaneCore

/// What a client asks for when it joins a channel. A wrong shape of any part stands for its default.
struct JoinRequest: Sendable, Equatable {
    /// Which stored broadcasts are to be sent again.
    struct Replay: Sendable, Equatable {
        /// Milliseconds since the epoch.
        var since: Int64
        var limit: Int
    }

    /// Broadcasts that one join can have again.
    static let replayMax = 25

    var acknowledges = false
    var echoes = false
    var wantsReplicationReady = false
    var replay: Replay?
    /// Whether replay was asked for with parameters that cannot be used.
    var hasBadReplay = false
    var presenceKey = ""
    var hasPresence = false
    var isPrivate = false
    /// As they were sent, without nulls.
    var changes: [JSONText] = []
    /// A token of the channel's own; nil where the connection's key is to count.
    var token: String?

    init(_ payload: JSONText) {
        let config = payload["config"]
        let broadcast = config?["broadcast"]
        acknowledges = Self.flag(broadcast?["ack"])
        echoes = Self.flag(broadcast?["self"])
        wantsReplicationReady = Self.flag(broadcast?["replication_ready"])
        readReplay(broadcast?["replay"])
        presenceKey = config?["presence"]?["key"]?.stringValue ?? ""
        hasPresence = Self.flag(config?["presence"]?["enabled"])
        isPrivate = Self.flag(config?["private"])
        changes = (config?["postgres_changes"]?.arrayValue ?? []).filter { $0 != .null }
        token = Self.token(payload["access_token"]) ?? Self.token(payload["user_token"])
    }

    private mutating func readReplay(_ json: JSONText?) {
        guard let json, json != .null else { return }
        let limit = json["limit"]?.doubleValue.flatMap { Int(exactly: $0) }
        let hasLimit = json["limit"].map { $0 != .null } ?? false
        guard let since = json["since"]?.doubleValue.flatMap({ Int64(exactly: $0) }), since >= 0,
            !hasLimit || limit.map((1...Self.replayMax).contains) == true
        else { return hasBadReplay = true }
        replay = Replay(since: since, limit: limit ?? Self.replayMax)
    }

    /// Truth values also come as texts.
    private static func flag(_ json: JSONText?) -> Bool {
        switch json {
        case .bool(let value)?: value
        case .string(let text)?: text.lowercased() == "true"
        default: false
        }
    }

    /// API keys are no tokens of users.
    static func token(_ json: JSONText?) -> String? {
        json?.stringValue.flatMap { $0.hasPrefix("sb_") ? nil : $0 }
    }
}
