import DataPlaneCore

/// Writes what the server sends.
struct FrameEncoder: Sendable {
    let version: FrameVersion

    /// The message in the form of the version; nil where a client of that version gets nothing.
    func data(_ message: ServerMessage) -> SocketData? {
        switch (message, version) {
        case (.frame(let frame), _): text(frame, payload: Array(frame.payload.text.utf8))
        case (.broadcast(let broadcast), .two):
            BinaryFrame.bytes(of: broadcast).map { .binary($0) } ?? text(broadcast)
        case (.broadcast(let broadcast), .one): text(broadcast)
        }
    }

    /// A message as JSON; the payload is put in as it is.
    private func text(_ frame: ChannelFrame, payload: [UInt8]) -> SocketData {
        let (topic, event) = (JSONText.quoted(frame.topic), JSONText.quoted(frame.event))
        switch version {
        case .one:
            let tail = ",\"ref\":\(Self.reference(frame.ref)),\"topic\":\(topic)}"
            return .text(Array("{\"event\":\(event),\"payload\":".utf8) + payload + Array(tail.utf8))
        case .two:
            let head = "[\(Self.reference(frame.joinRef)),\(Self.reference(frame.ref)),\(topic),\(event),"
            return .text(Array(head.utf8) + payload + Array("]".utf8))
        }
    }

    private static func reference(_ text: String?) -> String { text.map(JSONText.quoted) ?? "null" }

    /// A broadcast as a JSON message; bytes that are no JSON have no such form. Payload and metadata were read as JSON
    /// when they came, or are PostgreSQL's: they are not read again.
    private func text(_ broadcast: UserBroadcast) -> SocketData? {
        guard broadcast.encoding == .json else { return nil }
        let event = JSONText.quoted(broadcast.event)
        let meta = broadcast.metadata.isEmpty ? [] : Array(",\"meta\":".utf8) + broadcast.metadata
        let payload =
            Array("{\"type\":\"broadcast\",\"event\":\(event),\"payload\":".utf8) + broadcast.payload + meta
            + Array("}".utf8)
        return text(ChannelFrame(topic: broadcast.topic, event: "broadcast", payload: .null), payload: payload)
    }
}
