import DataPlaneCore

/// Writes what the server sends.
struct FrameEncoder: Sendable {
    let version: FrameVersion

    /// The message in the form of the version; nil where a client of that version gets nothing.
    func data(_ message: ServerMessage) -> SocketData? {
        switch (message, version) {
        case (.frame(let frame), .one): .text(Self.object(frame))
        case (.frame(let frame), .two): .text(Self.array(frame))
        case (.broadcast(let broadcast), .two):
            BinaryFrame.bytes(of: broadcast).map { .binary($0) } ?? Self.frame(broadcast).map { .text(Self.array($0)) }
        case (.broadcast(let broadcast), .one): Self.frame(broadcast).map { .text(Self.object($0)) }
        }
    }

    private static func object(_ frame: ChannelFrame) -> [UInt8] {
        let head = "{\"event\":\(JSONText.quoted(frame.event)),\"payload\":"
        let tail = ",\"ref\":\(reference(frame.ref)),\"topic\":\(JSONText.quoted(frame.topic))}"
        return Array((head + frame.payload.text + tail).utf8)
    }

    private static func array(_ frame: ChannelFrame) -> [UInt8] {
        let head = "[\(reference(frame.joinRef)),\(reference(frame.ref)),"
        let names = "\(JSONText.quoted(frame.topic)),\(JSONText.quoted(frame.event)),"
        return Array((head + names + frame.payload.text + "]").utf8)
    }

    private static func reference(_ text: String?) -> String { text.map(JSONText.quoted) ?? "null" }

    /// A broadcast as a JSON message; bytes that are no JSON have no such form.
    private static func frame(_ broadcast: UserBroadcast) -> ChannelFrame? {
        guard broadcast.encoding == .json, let payload = try? JSONText(broadcast.payload) else { return nil }
        var members: [JSONText.Member] = [
            .init("type", .string("broadcast")), .init("event", .string(broadcast.event)), .init("payload", payload),
        ]
        // Metadata that is no JSON came from a client, and says nothing to others.
        if let meta = try? JSONText(broadcast.metadata) { members.append(.init("meta", meta)) }
        return ChannelFrame(topic: broadcast.topic, event: "broadcast", payload: .object(members))
    }
}
