import DataPlaneCore

/// Changes of tables: the answers to subscriptions, and the messages.
extension RealtimeState {
    /// Whether changes arrive now, or why they do not. An outdated answer is not passed on.
    mutating func subscribed(
        _ id: ChannelID, ticket: UInt64, isError: Bool, _ text: String
    ) -> [ChannelEffect] {
        guard let version = sockets[id.socket]?.version, let channel = self[id], channel.changesTicket == ticket else {
            return []
        }
        let frame = Self.system(channel, of: "postgres_changes", isError: isError, text)
        return [send(frame, to: id.socket, version)]
    }

    /// A change, and the channels that get it.
    func change(_ payload: JSONText, to channels: [ChannelID]) -> [ChannelEffect] {
        let joined = channels.filter { self[$0]?.isJoined == true }
        return Dictionary(grouping: joined, by: \.topic).sorted { $0.key < $1.key }.flatMap { topic, ids in
            let frame = ChannelFrame(topic: topic, event: "postgres_changes", payload: payload)
            return fanOut(.frame(frame), to: ids.map(\.socket))
        }
    }
}
