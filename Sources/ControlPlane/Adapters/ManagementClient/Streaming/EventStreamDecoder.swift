/// One event of a stream of server-sent events.
public struct StreamedEvent: Sendable, Equatable {
    /// Its name; `message` where the server gave none.
    public var name = "message"
    /// Where reading can begin again; the last one given counts for later events, too.
    public var id: String?
    /// Its data; lines are separated by a line feed.
    public var data = ""
}

/// Takes a `text/event-stream` apart, however its bytes are cut (WHATWG HTML, section 9.2.6). Pure.
struct EventStreamDecoder {
    /// Largest event and longest line in bytes.
    static let eventBytesMax = 1 << 20

    private var line: [UInt8] = []
    private var endsWithReturn = false
    private var name = ""
    private var data: [String] = []
    private var dataBytes = 0
    private var lastID: String?

    /// The events that are complete with these bytes.
    mutating func decode(_ bytes: [UInt8]) throws(ClientError) -> [StreamedEvent] {
        var events: [StreamedEvent] = []
        for byte in bytes {
            let follows = endsWithReturn
            endsWithReturn = byte == UInt8(ascii: "\r")
            switch byte {
            case UInt8(ascii: "\n") where follows: break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = try takeLine() { events.append(event) }
            default:
                guard line.count < Self.eventBytesMax else { throw Self.tooLarge }
                line.append(byte)
            }
        }
        return events
    }

    private static var tooLarge: ClientError { .unexpected("an event of more than \(eventBytesMax) bytes") }

    private mutating func takeLine() throws(ClientError) -> StreamedEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = text
        case "data":
            dataBytes += value.count + 1
            guard dataBytes <= Self.eventBytesMax else { throw Self.tooLarge }
            data.append(text)
        case "id" where !value.contains(0): lastID = text
        default: break  // A comment, or a field of a later version.
        }
        return nil
    }

    private mutating func dispatch() -> StreamedEvent? {
        defer { (name, data, dataBytes) = ("", [], 0) }
        guard !data.isEmpty else { return nil }
        return StreamedEvent(
            name: name.isEmpty ? "message" : name, id: lastID, data: data.joined(separator: "\n"))
    }
}
