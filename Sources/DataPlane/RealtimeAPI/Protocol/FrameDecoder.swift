import DataPlaneCore

extension JSONText.Limits {
    /// What one message may hold: each of its values takes much more memory than its text.
    static let ofMessages: JSONText.Limits = {
        var limits = JSONText.Limits()
        limits.depthMax = 64
        limits.valuesMax = 20_000
        return limits
    }()
}

/// Reads what clients send. Anything that is no frame is nil: the connection continues without it.
struct FrameDecoder: Sendable {
    let version: FrameVersion
    func message(_ data: SocketData) -> ClientMessage? {
        switch (data, version) {
        case (.text(let bytes), .one): Self.object(bytes).map { .frame($0) }
        case (.text(let bytes), .two): Self.array(bytes).map { .frame($0) }
        case (.binary(let bytes), .two): BinaryFrame.message(bytes)
        case (.binary, .one): nil
        }
    }

    private static func object(_ bytes: [UInt8]) -> ChannelFrame? {
        guard let json = try? JSONText(bytes, limits: .ofMessages), let topic = json["topic"]?.stringValue,
            let event = json["event"]?.stringValue
        else { return nil }
        return ChannelFrame(
            joinRef: reference(json["join_ref"]), ref: reference(json["ref"]), topic: topic, event: event,
            payload: json["payload"] ?? .object([]))
    }

    private static func array(_ bytes: [UInt8]) -> ChannelFrame? {
        guard let parts = (try? JSONText(bytes, limits: .ofMessages))?.arrayValue, parts.count == 5,
            let topic = parts[2].stringValue, let event = parts[3].stringValue
        else { return nil }
        return ChannelFrame(
            joinRef: reference(parts[0]), ref: reference(parts[1]), topic: topic, event: event, payload: parts[4])
    }

    /// Some clients count with numbers.
    private static func reference(_ json: JSONText?) -> String? {
        switch json {
        case .string(let text)?: text
        case .number(let digits)?: digits
        default: nil
        }
    }
}

/// The binary frames of version 2: one byte for the kind, one for the length of each text, the texts, the payload.
enum BinaryFrame {
    private enum Kind: UInt8 {
        case push = 0
        case userBroadcastPush = 3
    }

    /// Kind of a broadcast on its way to clients.
    private static let userBroadcast: UInt8 = 4

    static func message(_ bytes: [UInt8]) -> ClientMessage? {
        var reader = BinaryReader(bytes)
        guard let kind = reader.byte().flatMap(Kind.init(rawValue:)) else { return nil }
        switch kind {
        case .push: return push(&reader)
        case .userBroadcastPush: return broadcast(&reader)
        }
    }

    /// A push with a payload of bytes is a broadcast only if its event says so; nothing else takes bytes.
    private static func push(_ reader: inout BinaryReader) -> ClientMessage? {
        guard let lengths = reader.bytes(4), let texts = reader.texts(lengths) else { return nil }
        let broadcast = UserBroadcast(topic: texts[2], event: texts[3], encoding: .raw, payload: reader.rest)
        return .broadcast(broadcast, joinRef: texts[0].nilIfEmpty, ref: texts[1].nilIfEmpty)
    }

    private static func broadcast(_ reader: inout BinaryReader) -> ClientMessage? {
        guard let lengths = reader.bytes(5), let code = reader.byte(),
            let encoding = UserBroadcast.Encoding(rawValue: code), let texts = reader.texts(lengths)
        else { return nil }
        let broadcast = UserBroadcast(
            topic: texts[2], event: texts[3], metadata: Array(texts[4].utf8), encoding: encoding, payload: reader.rest)
        return .broadcast(broadcast, joinRef: texts[0].nilIfEmpty, ref: texts[1].nilIfEmpty)
    }

    /// A broadcast for clients of version 2; nil where a text is too long for the form.
    static func bytes(of broadcast: UserBroadcast) -> [UInt8]? {
        let parts = [Array(broadcast.topic.utf8), Array(broadcast.event.utf8), broadcast.metadata]
        let lengths = parts.compactMap { UInt8(exactly: $0.count) }
        guard lengths.count == parts.count else { return nil }
        return [userBroadcast] + lengths + [broadcast.encoding.rawValue] + parts.joined() + broadcast.payload
    }
}

/// Takes bytes off the front.
private struct BinaryReader {
    private var left: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { left = bytes[...] }

    var rest: [UInt8] { Array(left) }

    mutating func byte() -> UInt8? { left.popFirst() }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard left.count >= count else { return nil }
        defer { left = left.dropFirst(count) }
        return left.prefix(count)
    }

    mutating func texts(_ lengths: ArraySlice<UInt8>) -> [String]? {
        var texts: [String] = []
        for length in lengths {
            guard let bytes = bytes(Int(length)), let text = String(validating: bytes, as: UTF8.self) else {
                return nil
            }
            texts.append(text)
        }
        return texts
    }
}

extension String {
    fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
