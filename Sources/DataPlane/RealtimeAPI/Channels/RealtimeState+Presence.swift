import DataPlaneCore

/// Presence: who is on a topic, and what they say of themselves.
extension RealtimeState {
    /// Why a presence call is refused; the channel stays.
    private struct Refusal: Error {
        var reason: String
    }

    /// A `presence` message: track or untrack.
    mutating func presence(_ frame: ChannelFrame, on id: ChannelID, at now: Double) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version else { return [] }
        do throws(Refusal) {
            guard presenceCalls.count(at: now, perSecondMax: limits.presencePerSecondMax) else {
                throw Refusal(reason: "Too many presence messages per second")
            }
            guard countCall(on: id, at: now) else { throw Refusal(reason: "Client presence rate limit exceeded") }
            switch frame.payload["event"]?.stringValue?.lowercased() {
            case "track": return track(try tracked(frame), ref: frame.ref, on: id)
            case "untrack": return untrack(frame, on: id, version)
            default: throw Refusal(reason: "The event of a presence message is track or untrack")
            }
        } catch { return [send(Self.reply(frame, .error(error.reason)), to: id.socket, version)] }
    }

    private func tracked(_ frame: ChannelFrame) throws(Refusal) -> [JSONText.Member] {
        guard case .object(let members)? = frame.payload["payload"] else {
            throw Refusal(reason: "The payload of track is an object")
        }
        guard members.count <= limits.presenceKeysMax else {
            throw Refusal(reason: "A tracked object has at most \(limits.presenceKeysMax) members")
        }
        guard JSONText.object(members).text.utf8.count <= limits.presenceBytesMax else {
            throw Refusal(reason: "Track message size exceeded")
        }
        return members
    }

    private mutating func untrack(
        _ frame: ChannelFrame, on id: ChannelID, _ version: FrameVersion
    ) -> [ChannelEffect] {
        guard let key = self[id]?.key else { return [] }
        let diff = topics[key]?.presence.untrack(id.socket)
        let reply = send(Self.reply(frame, .ok), to: id.socket, version)
        return [reply] + (diff.map { show($0, on: key) } ?? [])
    }

    /// A value waits where the policies were not asked yet.
    private mutating func track(
        _ members: [JSONText.Member], ref: String?, on id: ChannelID
    ) -> [ChannelEffect] {
        guard let rights = self[id]?.writes else { return wait(.track(members), ref: ref, on: id) }
        return track(members, ref: ref, on: id, isAllowed: rights.presence)
    }

    private mutating func countCall(on id: ChannelID, at now: Double) -> Bool {
        let calls = (self[id]?.presenceCalls ?? []).filter { $0 > now - limits.presenceSeconds }
        guard calls.count < limits.presenceCallsMax else { return false }
        self[id]?.presenceCalls = calls + [now]
        return true
    }

    /// Shows a value to the members, if the policies allow it.
    mutating func track(
        _ members: [JSONText.Member], ref: String?, on id: ChannelID, isAllowed: Bool
    ) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id] else { return [] }
        let request = ChannelFrame(
            joinRef: channel.joinRef, ref: ref, topic: channel.topic, event: "presence", payload: .null)
        guard isAllowed else {
            let reason = "You do not have permissions to write presence on this Channel topic: \(channel.key.name)"
            return [send(Self.reply(request, .error(reason)), to: id.socket, version)]
        }
        var effects = [send(Self.reply(request, .ok), to: id.socket, version)]
        if !channel.hasPresence {
            self[id]?.hasPresence = true
            effects += showState(id)
        }
        let name = presenceRef()
        let diff = topics[channel.key]?.presence.track(members, as: channel.presenceKey, by: id.socket, ref: name)
        return effects + (diff.map { show($0, on: channel.key) } ?? [])
    }

    /// Sends the whole state to a client that has just come to know it.
    func showState(_ id: ChannelID) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id], channel.reads.presence else {
            return []
        }
        let state = topics[channel.key]?.presence.state ?? .object([])
        let frame = ChannelFrame(
            joinRef: channel.joinRef, topic: channel.topic, event: "presence_state", payload: state)
        return [send(frame, to: id.socket, version)]
    }

    /// Sends a difference to those who may see it.
    func show(_ diff: PresenceBook.Diff, on key: TopicKey) -> [ChannelEffect] {
        let receivers = (topics[key]?.members ?? []).filter { socket in
            guard let channel = sockets[socket]?.channels[key.wireTopic] else { return false }
            return channel.hasPresence && channel.reads.presence
        }
        let frame = ChannelFrame(topic: key.wireTopic, event: "presence_diff", payload: diff.json)
        return fanOut(.frame(frame), to: Array(receivers))
    }
}
