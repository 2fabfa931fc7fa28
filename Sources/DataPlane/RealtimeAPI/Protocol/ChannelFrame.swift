import DataPlaneCore

/// The two forms in which clients write messages.
public enum FrameVersion: String, Sendable, CaseIterable {
    /// One JSON object.
    case one = "1.0.0"
    /// A JSON array, or a binary frame.
    case two = "2.0.0"
}

/// What a WebSocket message holds: text or bytes.
public enum SocketData: Sendable, Equatable {
    case text([UInt8])
    case binary([UInt8])

    /// The bytes, whichever kind they are.
    public var bytes: [UInt8] {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}

/// A message of a Phoenix channel.
struct ChannelFrame: Sendable, Equatable {
    /// Reference of the join that the message belongs to; clients of version 1 may leave it out.
    var joinRef: String?
    /// Reference of a request and its reply.
    var ref: String?
    var topic: String
    var event: String
    var payload: JSONText

    init(joinRef: String? = nil, ref: String? = nil, topic: String, event: String, payload: JSONText) {
        self.joinRef = joinRef
        self.ref = ref
        self.topic = topic
        self.event = event
        self.payload = payload
    }
}

/// A broadcast in its binary form: the payload is passed on as it came.
struct UserBroadcast: Sendable, Equatable {
    /// What the payload is.
    enum Encoding: UInt8, Sendable {
        case raw = 0
        case json = 1
    }

    var topic: String
    var event: String
    /// A JSON text, or nothing.
    var metadata: [UInt8] = []
    var encoding: Encoding
    var payload: [UInt8]
}

/// What a client sends.
enum ClientMessage: Sendable, Equatable {
    case frame(ChannelFrame)
    case broadcast(UserBroadcast, joinRef: String?, ref: String?)
}

/// What the server sends.
enum ServerMessage: Sendable, Equatable {
    case frame(ChannelFrame)
    case broadcast(UserBroadcast)
}
