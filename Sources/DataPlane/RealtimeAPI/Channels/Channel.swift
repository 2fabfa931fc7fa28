import DataPlaneCore

/// A channel that a connection has joined, or is about to join.
struct Channel: Sendable {
    enum Phase: Sendable, Equatable {
        /// The read policies are asked; `ref` is the join's.
        case checking(ref: String?)
        case joined
    }

    /// A push that waits for the write policies.
    enum Waiting: Sendable, Equatable {
        case broadcast(ServerMessage)
        case track([JSONText.Member])
    }

    let key: TopicKey
    let joinRef: String?
    let request: JoinRequest
    let bindings: [ChangeBinding]
    var claims: ChannelClaims
    /// The token that the claims are from; nil for the connection's key.
    var token: String?
    var phase: Phase
    /// What the client may see; a public channel's rights are all there are.
    var reads: ChannelRights
    /// What the client may send; nil until the policies were asked.
    var writes: ChannelRights?
    var waiting: [(push: Waiting, ref: String?)] = []

    /// Tickets of the questions whose answers count.
    var readTicket: UInt64?
    var writeTicket: UInt64?
    var changesTicket: UInt64?
    var replayTicket: UInt64?

    /// Whether presence is shown to the client.
    var hasPresence: Bool
    let presenceKey: String
    /// When presence was called lately.
    var presenceCalls: [Double] = []
    /// Whether the client waits to hear that broadcasts of the database arrive.
    var awaitsReplication: Bool
    /// Stored broadcasts that the client has, or gets, so that none comes twice.
    var knownBroadcasts: Set<String> = []

    var isJoined: Bool { phase == .joined }
    var topic: String { key.wireTopic }
}

/// One connection: how it writes, who it is, and what it has joined.
struct Socket: Sendable {
    let version: FrameVersion
    let claims: ChannelClaims
    var channels: [String: Channel] = [:]
}

/// What members of one topic share.
struct Topic: Sendable {
    var members: Set<SocketID> = []
    var presence = PresenceBook()
}
