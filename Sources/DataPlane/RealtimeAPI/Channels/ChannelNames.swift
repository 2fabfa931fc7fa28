import DataPlaneCore

/// One connection of a client.
public struct SocketID: Sendable, Hashable {
    let number: UInt64
}

/// A channel that a connection has joined.
struct ChannelID: Sendable, Hashable {
    let socket: SocketID
    /// The topic as it is on the wire, with its prefix.
    let topic: String
}

/// What members of a topic have in common. Public and private channels of one name are different topics.
struct TopicKey: Sendable, Hashable {
    /// Beginning of every topic on the wire.
    static let prefix = "realtime:"

    /// Without the prefix; it may contain colons.
    let name: String
    let isPrivate: Bool

    var wireTopic: String { Self.prefix + name }
}

/// What policies give on a topic, for broadcasts and for presence.
struct ChannelRights: Sendable, Hashable {
    static let all = ChannelRights(broadcast: true, presence: true)
    static let none = ChannelRights(broadcast: false, presence: false)

    var broadcast: Bool
    var presence: Bool
}

/// A question to the policies of `realtime.messages`.
struct RightsCheck: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case read
        case write
    }

    let channel: ChannelID
    /// Names this question: an answer to an earlier one no longer counts.
    let ticket: UInt64
    let kind: Kind
    let claims: ChannelClaims
    /// The topic without its prefix.
    let topic: String
}

/// Why policies gave no answer.
enum RightsFailure: Error, Sendable, Equatable {
    /// The database is away.
    case database
    /// A policy failed.
    case policy
}

/// A broadcast that is kept in `realtime.messages`.
struct StoredBroadcast: Sendable, Equatable {
    /// The row's id.
    let id: String
    let event: String
    let encoding: UserBroadcast.Encoding
    let payload: [UInt8]

    func broadcast(topic: String, isReplayed: Bool) -> UserBroadcast {
        let members = (isReplayed ? "\"replayed\":true," : "") + "\"id\":\"\(id)\""
        return UserBroadcast(
            topic: topic, event: event, metadata: Array("{\(members)}".utf8), encoding: encoding, payload: payload)
    }
}

/// A change that a channel asks for, with the number that its client knows it by.
struct ChangeBinding: Sendable, Equatable {
    let id: Int
    let request: JSONText

    /// Equal requests have equal numbers.
    init(_ request: JSONText) {
        self.request = request
        var hash: UInt32 = 2_166_136_261
        for byte in request.text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        id = Int(hash)
    }

    /// The request as it came, and its number.
    var reply: JSONText {
        guard case .object(let members) = request else { return request }
        return .object(members + [.init("id", .number(String(id)))])
    }
}

/// What the state machine wants done.
enum ChannelEffect: Sendable, Equatable {
    /// Sends a message to connections of one version.
    case send(ServerMessage, FrameVersion, to: [SocketID])
    /// Ends a connection after what was sent.
    case close(SocketID, code: UInt16, reason: String)
    /// Asks the policies; the answer comes back by ``RealtimeState/answer(_:_:at:)``.
    case check(RightsCheck)
    /// Asks for changes; the answer comes back by ``RealtimeState/subscribed(_:ticket:_:)``.
    case subscribe(ChannelID, ticket: UInt64, to: [ChangeBinding], as: ChannelClaims)
    case unsubscribe(ChannelID)
    /// Reads stored broadcasts; they come back by ``RealtimeState/replay(_:ticket:_:)``.
    case replay(ChannelID, ticket: UInt64, topic: String, JoinRequest.Replay)
}
