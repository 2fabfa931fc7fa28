import DataPlaneCore

/// Joining, tokens, and what policies answer.
extension RealtimeState {
    /// A client joins; a channel that it had under this topic ends first.
    mutating func join(_ frame: ChannelFrame, on id: ChannelID, at now: Double) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version else { return [] }
        var effects: [ChannelEffect] = []
        if let old = self[id] {
            let close = ChannelFrame(
                joinRef: old.joinRef, ref: old.joinRef, topic: old.topic, event: "phx_close", payload: .object([]))
            effects.append(send(close, to: id.socket, version))
            effects += forget(id)
        }
        do throws(ChannelRefusal) {
            let channel = try admitted(frame, id, at: now)
            self[id] = channel
            effects += channel.key.isPrivate ? [checkReads(id)] : joined(id, ref: frame.ref)
        } catch {
            effects.append(send(Self.reply(frame, .error(error.reason)), to: id.socket, version))
            if error == .joinRate { effects.append(.close(id.socket, code: 1008, reason: error.text)) }
        }
        return effects
    }

    /// The channel, unless one of the checks that need no database refuses it.
    private mutating func admitted(
        _ frame: ChannelFrame, _ id: ChannelID, at now: Double
    ) throws(ChannelRefusal) -> Channel {
        let request = JoinRequest(frame.payload)
        guard !isShuttingDown else { throw .restarting }
        guard frame.topic.hasPrefix(TopicKey.prefix), frame.topic.utf8.count > TopicKey.prefix.utf8.count else {
            throw .topicName
        }
        guard request.isPrivate || !limits.isPrivateOnly else { throw .privateOnly }
        guard joins.count(at: now, perSecondMax: limits.joinsPerSecondMax) else { throw .joinRate }
        guard let socket = sockets[id.socket], socket.channels.count < limits.channelsPerConnectionMax,
            request.changes.count <= limits.bindingsMax
        else { throw .channelLimit }
        guard !request.hasBadReplay, request.replay == nil || request.isPrivate else { throw .replay }
        let claims = try claims(request.token, of: socket, at: now)
        let key = TopicKey(name: String(frame.topic.dropFirst(TopicKey.prefix.count)), isPrivate: request.isPrivate)
        return Channel(
            key: key, joinRef: frame.joinRef ?? frame.ref, request: request,
            bindings: request.changes.map(ChangeBinding.init), claims: claims, token: request.token,
            phase: .checking(ref: frame.ref), reads: request.isPrivate ? .none : .all,
            writes: request.isPrivate ? nil : .all, hasPresence: request.hasPresence,
            presenceKey: request.presenceKey.isEmpty ? presenceRef() : request.presenceKey,
            awaitsReplication: request.wantsReplicationReady)
    }

    private func claims(
        _ token: String?, of socket: Socket, at now: Double
    ) throws(ChannelRefusal) -> ChannelClaims {
        do throws(TokenProblem) {
            if let token { return try tokens.claims(of: token, at: now) }
            guard socket.claims.expiry > now else { throw .expired(secondsAgo: nil) }
            return socket.claims
        } catch { throw .token(error) }
    }

    private mutating func checkReads(_ id: ChannelID) -> ChannelEffect {
        let ticket = number()
        self[id]?.readTicket = ticket
        return check(id, for: .read, ticket: ticket)
    }

    func check(_ id: ChannelID, for kind: RightsCheck.Kind, ticket: UInt64) -> ChannelEffect {
        // Asked for a channel that is there: an unknown one has no claims to ask with.
        guard let channel = self[id] else { return .unsubscribe(id) }
        return .check(
            RightsCheck(channel: id, ticket: ticket, kind: kind, claims: channel.claims, topic: channel.key.name))
    }

    /// The channel is joined: the reply, and what the client asked for with it.
    private mutating func joined(_ id: ChannelID, ref: String?) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, var channel = self[id] else { return [] }
        channel.phase = .joined
        var effects: [ChannelEffect] = []
        let request = ChannelFrame(
            joinRef: channel.joinRef, ref: ref, topic: channel.topic, event: "phx_join", payload: .null)
        let response = JSONText.object([.init("postgres_changes", .array(channel.bindings.map(\.reply)))])
        effects.append(send(Self.reply(request, .response(response)), to: id.socket, version))
        topics[channel.key, default: Topic()].members.insert(id.socket)
        if !channel.bindings.isEmpty {
            let ticket = number()
            channel.changesTicket = ticket
            effects.append(.subscribe(id, ticket: ticket, to: channel.bindings, as: channel.claims))
        }
        if let replay = channel.request.replay {
            let ticket = number()
            channel.replayTicket = ticket
            effects.append(.replay(id, ticket: ticket, topic: channel.key.name, replay))
        }
        self[id] = channel
        if channel.hasPresence { effects += showState(id) }
        return effects + (hearsDatabase ? announceReplication(id) : [])
    }

    // MARK: Answers of policies

    /// What the policies say.
    mutating func answer(
        _ check: RightsCheck, _ result: Result<ChannelRights, RightsFailure>, at now: Double
    ) -> [ChannelEffect] {
        guard let channel = self[check.channel] else { return [] }
        switch check.kind {
        case .read where channel.readTicket == check.ticket: return answerReads(check.channel, result)
        case .write where channel.writeTicket == check.ticket:
            self[check.channel]?.writeTicket = nil
            // A failure gives no right now, and the next push asks again.
            self[check.channel]?.writes = try? result.get()
            return pushWaiting(on: check.channel, with: (try? result.get()) ?? .none, at: now)
        default: return []
        }
    }

    private mutating func answerReads(
        _ id: ChannelID, _ result: Result<ChannelRights, RightsFailure>
    ) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id] else { return [] }
        self[id]?.readTicket = nil
        let refusal: ChannelRefusal? =
            switch result {
            case .success(let rights): rights == .none ? .unauthorized(topic: channel.key.name) : nil
            case .failure(.database): .database
            case .failure(.policy): .unknown
            }
        if case .success(let rights) = result { self[id]?.reads = rights }
        switch (channel.phase, refusal) {
        case (.checking(let ref), nil): return joined(id, ref: ref)
        case (.checking(let ref), let refusal?):
            self[id] = nil
            let request = ChannelFrame(
                joinRef: channel.joinRef, ref: ref, topic: channel.topic, event: "phx_join", payload: .null)
            return [send(Self.reply(request, .error(refusal.reason)), to: id.socket, version)]
        case (.joined, nil): return []
        case (.joined, let refusal?): return end(id, because: refusal)
        }
    }

    // MARK: Tokens

    /// A new token for a channel. One that cannot be used ends it.
    mutating func refresh(_ token: String?, on id: ChannelID, at now: Double) -> [ChannelEffect] {
        guard let token, var channel = self[id], token != channel.token else { return [] }
        do throws(TokenProblem) {
            channel.claims = try tokens.claims(of: token, at: now)
        } catch { return end(id, because: .token(error)) }
        channel.token = token
        var effects: [ChannelEffect] = []
        if channel.key.isPrivate {
            channel.writes = nil
            channel.writeTicket = nil
            channel.readTicket = nil
        }
        if !channel.bindings.isEmpty {
            let ticket = number()
            channel.changesTicket = ticket
            effects.append(.subscribe(id, ticket: ticket, to: channel.bindings, as: channel.claims))
        }
        let hasWaiting = !channel.waiting.isEmpty
        self[id] = channel
        if channel.key.isPrivate { effects.append(checkReads(id)) }
        if hasWaiting { effects.append(checkWrites(id)) }
        return effects
    }
}
