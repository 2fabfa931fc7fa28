import DataPlaneCore

/// Broadcasts: of clients, by HTTP, and of the database.
extension RealtimeState {
    /// A broadcast as a JSON message.
    mutating func broadcast(_ frame: ChannelFrame, on id: ChannelID, at now: Double) -> [ChannelEffect] {
        let message = ServerMessage.frame(
            ChannelFrame(topic: frame.topic, event: "broadcast", payload: frame.payload))
        return push(message, bytes: frame.payload.text.utf8.count, ref: frame.ref, on: id, at: now)
    }

    /// A broadcast in its binary form.
    mutating func push(
        _ broadcast: UserBroadcast, ref: String?, on id: ChannelID, at now: Double
    ) -> [ChannelEffect] {
        guard self[id]?.isJoined == true else { return [] }
        if broadcast.encoding == .json, (try? JSONText(broadcast.payload, limits: .ofMessages)) == nil {
            return []
        }
        var passed = broadcast
        // What a client adds is not what this server says of a message.
        passed.metadata = []
        return push(.broadcast(passed), bytes: broadcast.payload.count, ref: ref, on: id, at: now)
    }

    private mutating func push(
        _ message: ServerMessage, bytes: Int, ref: String?, on id: ChannelID, at now: Double
    ) -> [ChannelEffect] {
        guard let socket = sockets[id.socket], let channel = self[id] else { return [] }
        guard messages.count(at: now, perSecondMax: limits.messagesPerSecondMax) else {
            return endForRate(id, "Too many messages per second")
        }
        let request = ChannelFrame(
            joinRef: channel.joinRef, ref: ref, topic: channel.topic, event: "broadcast", payload: .null)
        guard bytes <= limits.broadcastBytesMax else {
            guard channel.request.acknowledges else { return [] }
            return [send(Self.reply(request, .error("payload_size_exceeded")), to: id.socket, socket.version)]
        }
        switch channel.writes {
        case nil: return wait(.broadcast(message), ref: ref, on: id)
        case let rights? where rights.broadcast: return handOn(message, ref: ref, from: id)
        // Who may not send gets no answer.
        default: return []
        }
    }

    /// Gives a client's broadcast to the members, and the acknowledgement to its sender.
    private func handOn(_ message: ServerMessage, ref: String?, from id: ChannelID) -> [ChannelEffect] {
        guard let socket = sockets[id.socket], let channel = self[id] else { return [] }
        let receivers = receivers(of: channel.key).filter { channel.request.echoes || $0 != id.socket }
        var effects = fanOut(message, to: receivers)
        if channel.request.acknowledges {
            let request = ChannelFrame(
                joinRef: channel.joinRef, ref: ref, topic: channel.topic, event: "broadcast", payload: .null)
            effects.append(send(Self.reply(request, .ok), to: id.socket, socket.version))
        }
        return effects
    }

    private func receivers(of key: TopicKey) -> [SocketID] {
        (topics[key]?.members ?? []).filter { sockets[$0]?.channels[key.wireTopic]?.reads.broadcast == true }
    }

    private mutating func endForRate(_ id: ChannelID, _ text: String) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id] else { return [] }
        let left = forget(id)
        let close = ChannelFrame(
            joinRef: channel.joinRef, ref: channel.joinRef, topic: channel.topic, event: "phx_close",
            payload: .object([]))
        return [
            send(Self.system(channel, of: "system", isError: true, text), to: id.socket, version),
            send(close, to: id.socket, version),
        ] + left
    }

    // MARK: Pushes that wait for policies

    mutating func wait(_ waiting: Channel.Waiting, ref: String?, on id: ChannelID) -> [ChannelEffect] {
        guard let channel = self[id], channel.waiting.count < limits.waitingPushesMax else { return [] }
        self[id]?.waiting.append((waiting, ref))
        return channel.writeTicket == nil ? [checkWrites(id)] : []
    }

    mutating func checkWrites(_ id: ChannelID) -> ChannelEffect {
        let ticket = number()
        self[id]?.writeTicket = ticket
        return check(id, for: .write, ticket: ticket)
    }

    mutating func pushWaiting(
        on id: ChannelID, with rights: ChannelRights, at now: Double
    ) -> [ChannelEffect] {
        guard let waiting = self[id]?.waiting else { return [] }
        self[id]?.waiting = []
        return waiting.flatMap { push, ref in
            switch push {
            case .broadcast(let message): rights.broadcast ? handOn(message, ref: ref, from: id) : []
            case .track(let payload): track(payload, ref: ref, on: id, isAllowed: rights.presence)
            }
        }
    }

    // MARK: Other sources

    /// A broadcast that came by HTTP. The members get it; false when there were too many lately.
    mutating func broadcast(
        _ broadcast: UserBroadcast, to key: TopicKey, at now: Double
    ) -> [ChannelEffect]? {
        guard messages.count(at: now, perSecondMax: limits.messagesPerSecondMax) else { return nil }
        return fanOut(.broadcast(broadcast), to: receivers(of: key))
    }

    /// A broadcast of the database.
    mutating func broadcast(_ stored: StoredBroadcast, to key: TopicKey) -> [ChannelEffect] {
        let receivers = receivers(of: key).filter { take(stored, on: ChannelID(socket: $0, topic: key.wireTopic)) }
        return fanOut(.broadcast(stored.broadcast(topic: key.wireTopic, isReplayed: false)), to: receivers)
    }

    /// Stored broadcasts that a client asked for, oldest first.
    mutating func replay(_ id: ChannelID, ticket: UInt64, _ stored: [StoredBroadcast]) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, self[id]?.replayTicket == ticket,
            self[id]?.reads.broadcast == true
        else { return [] }
        let new = stored.filter { take($0, on: id) }
        self[id]?.replayTicket = nil
        return new.map {
            .send(.broadcast($0.broadcast(topic: id.topic, isReplayed: true)), version, to: [id.socket])
        }
    }

    /// Whether the client of a channel does not have a stored broadcast yet. Only a channel with a replay can get one
    /// twice, and only around it.
    private mutating func take(_ stored: StoredBroadcast, on id: ChannelID) -> Bool {
        guard let channel = self[id], channel.request.replay != nil else { return true }
        guard !channel.knownBroadcasts.contains(stored.id) else { return false }
        if channel.replayTicket != nil { self[id]?.knownBroadcasts.insert(stored.id) }
        return true
    }

    /// Broadcasts of the database arrive from now on, or no more.
    mutating func hears(database: Bool) -> [ChannelEffect] {
        hearsDatabase = database
        guard database else { return [] }
        let channels = sockets.flatMap { id, socket in
            socket.channels.keys.sorted().map { ChannelID(socket: id, topic: $0) }
        }
        return channels.flatMap { announceReplication($0) }
    }

    mutating func announceReplication(_ id: ChannelID) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id], channel.isJoined,
            channel.awaitsReplication
        else { return [] }
        self[id]?.awaitsReplication = false
        return [send(Self.system(channel, .success("Broadcasts of the database arrive")), to: id.socket, version)]
    }
}
