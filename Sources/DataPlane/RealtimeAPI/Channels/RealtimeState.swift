import DataPlaneCore

/// All connections, channels and topics of a project as one value: messages, answers and time in, effects out.
///
/// Times are seconds since the epoch.
struct RealtimeState: Sendable {
    let limits: RealtimeLimits
    let tokens: TokenReader
    /// Beginning of every reference that presence hands out.
    private let origin: String

    var sockets: [SocketID: Socket] = [:]
    var topics: [TopicKey: Topic] = [:]
    var joins = RateWindow()
    var messages = RateWindow()
    var presenceCalls = RateWindow()
    /// Whether broadcasts of the database arrive.
    var hearsDatabase = false
    private(set) var isShuttingDown = false
    private var counter: UInt64 = 0

    /// - Parameter origin: differs from server to server, so that references do not repeat.
    init(limits: RealtimeLimits, tokens: TokenReader, origin: String) {
        self.limits = limits
        self.tokens = tokens
        self.origin = origin
    }

    mutating func number() -> UInt64 {
        counter &+= 1
        return counter
    }

    mutating func presenceRef() -> String { origin + String(number(), radix: 36) }

    // MARK: Connections

    /// Takes a connection in; nil when there are too many, or the server ends.
    mutating func open(version: FrameVersion, claims: ChannelClaims) -> SocketID? {
        guard !isShuttingDown, sockets.count < limits.connectionsMax else { return nil }
        let id = SocketID(number: number())
        sockets[id] = Socket(version: version, claims: claims)
        return id
    }

    /// The connection has gone.
    mutating func close(_ id: SocketID) -> [ChannelEffect] {
        guard let socket = sockets[id] else { return [] }
        let effects = socket.channels.keys.sorted().flatMap { forget(ChannelID(socket: id, topic: $0)) }
        sockets[id] = nil
        return effects
    }

    /// Asks every client to connect to another server, or later; once.
    ///
    /// Channels get no message of it: a client that takes an error for the end of its channel would join again on a
    /// connection that is about to go, and lose the channel.
    mutating func shutDown() -> [ChannelEffect] {
        guard !isShuttingDown else { return [] }
        isShuttingDown = true
        return sockets.keys.map { .close($0, code: 1012, reason: ChannelRefusal.restarting.text) }
    }

    // MARK: Messages

    /// A message of a client.
    mutating func receive(_ message: ClientMessage, from id: SocketID, at now: Double) -> [ChannelEffect] {
        guard let socket = sockets[id] else { return [] }
        switch message {
        case .broadcast(let broadcast, _, let ref):
            return push(broadcast, ref: ref, on: ChannelID(socket: id, topic: broadcast.topic), at: now)
        case .frame(let frame) where frame.topic == "phoenix":
            return frame.event == "heartbeat" ? [send(Self.reply(frame, .ok), to: id, socket.version)] : []
        case .frame(let frame) where frame.event == "phx_join":
            return join(frame, on: ChannelID(socket: id, topic: frame.topic), at: now)
        case .frame(let frame): return receive(frame, on: ChannelID(socket: id, topic: frame.topic), at: now)
        }
    }

    private mutating func receive(_ frame: ChannelFrame, on id: ChannelID, at now: Double) -> [ChannelEffect] {
        guard let channel = self[id], channel.isJoined || frame.event == "phx_leave" else { return [] }
        switch frame.event {
        case "phx_leave": return leave(frame, id)
        case "broadcast": return broadcast(frame, on: id, at: now)
        case "presence": return presence(frame, on: id, at: now)
        case "access_token": return refresh(JoinRequest.token(frame.payload["access_token"]), on: id, at: now)
        // Unknown events end nowhere, and are no reason to end anything.
        default: return []
        }
    }

    private mutating func leave(_ frame: ChannelFrame, _ id: ChannelID) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id] else { return [] }
        let left = forget(id)
        return [send(Self.reply(frame, .ok), to: id.socket, version), close(channel, of: id.socket, version)] + left
    }

    // MARK: Channels

    subscript(id: ChannelID) -> Channel? {
        get { sockets[id.socket]?.channels[id.topic] }
        set { sockets[id.socket]?.channels[id.topic] = newValue }
    }

    /// Takes a channel out of everything that knows it.
    mutating func forget(_ id: ChannelID) -> [ChannelEffect] {
        guard let channel = self[id] else { return [] }
        self[id] = nil
        var effects: [ChannelEffect] = []
        if channel.changesTicket != nil { effects.append(.unsubscribe(id)) }
        guard var topic = topics[channel.key], topic.members.remove(id.socket) != nil else { return effects }
        let diff = topic.presence.untrack(id.socket)
        topics[channel.key] = topic.members.isEmpty ? nil : topic
        return effects + (diff.map { show($0, on: channel.key) } ?? [])
    }

    /// Ends a channel from this side.
    mutating func end(_ id: ChannelID, because refusal: ChannelRefusal) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id] else { return [] }
        let left = forget(id)
        return [
            send(Self.system(channel, .failure(refusal)), to: id.socket, version),
            close(channel, of: id.socket, version),
        ] + left
    }

    private func close(_ channel: Channel, of socket: SocketID, _ version: FrameVersion) -> ChannelEffect {
        let frame = ChannelFrame(
            joinRef: channel.joinRef, ref: channel.joinRef, topic: channel.topic, event: "phx_close",
            payload: .object([]))
        return send(frame, to: socket, version)
    }

    // MARK: Time

    /// Ends what has expired.
    mutating func tick(at now: Double) -> [ChannelEffect] {
        let expired = sockets.flatMap { id, socket in
            socket.channels.values.filter { $0.claims.expiry <= now }.map { channel in
                (id: ChannelID(socket: id, topic: channel.topic), expiry: channel.claims.expiry)
            }
        }
        return expired.sorted { ($0.id.socket.number, $0.id.topic) < ($1.id.socket.number, $1.id.topic) }.flatMap {
            end($0.id, because: .token(.expired(secondsAgo: Int(exactly: (now - $0.expiry).rounded(.down)))))
        }
    }
}

// MARK: Making messages

extension RealtimeState {
    /// How a request ended.
    enum ReplyStatus: Sendable, Equatable {
        case ok
        case response(JSONText)
        case error(String)
    }

    func send(_ frame: ChannelFrame, to id: SocketID, _ version: FrameVersion) -> ChannelEffect {
        .send(.frame(frame), version, to: [id])
    }

    /// One effect for each version that the receivers speak.
    func fanOut(_ message: ServerMessage, to ids: [SocketID]) -> [ChannelEffect] {
        FrameVersion.allCases.compactMap { version in
            let receivers = ids.filter { sockets[$0]?.version == version }
            return receivers.isEmpty ? nil : .send(message, version, to: receivers)
        }
    }

    static func reply(_ request: ChannelFrame, _ status: ReplyStatus) -> ChannelFrame {
        let (word, response): (String, JSONText) =
            switch status {
            case .ok: ("ok", .object([]))
            case .response(let json): ("ok", json)
            case .error(let reason): ("error", .object([.init("reason", .string(reason))]))
            }
        return ChannelFrame(
            joinRef: request.joinRef, ref: request.ref, topic: request.topic, event: "phx_reply",
            payload: .object([.init("status", .string(word)), .init("response", response)]))
    }

    /// A `system` message of the server's own.
    static func system(_ channel: Channel, _ result: Result<String, ChannelRefusal>) -> ChannelFrame {
        switch result {
        case .success(let text): system(channel, of: "system", isError: false, text)
        case .failure(let refusal): system(channel, of: "system", isError: true, refusal.text)
        }
    }

    static func system(_ channel: Channel, of part: String, isError: Bool, _ text: String) -> ChannelFrame {
        ChannelFrame(
            joinRef: channel.joinRef, topic: channel.topic, event: "system",
            payload: .object([
                .init("channel", .string(channel.key.name)), .init("extension", .string(part)),
                .init("message", .string(text)), .init("status", .string(isError ? "error" : "ok")),
            ]))
    }
}
