/// One JSON list of objects, given out as its elements come in: a list of thousands never stands in memory as a whole.
struct JSONArrayDecoder<Document: Decodable & Sendable>: StreamDecoder {
    let call: String
    /// Text of elements that are not given out yet, with the commas before them; the last one may be incomplete.
    private var text: [UInt8] = []
    /// How much of ``text`` is complete.
    private var completeBytes = 0
    /// Brackets and braces that are open, the list's own included.
    private var depth = 0
    private var isInString = false, isEscaped = false
    private var hasEnded = false

    init(call: String) { self.call = call }

    mutating func decode(_ bytes: [UInt8]) throws(DockerError) -> [Document] {
        for byte in bytes { try take(byte) }
        guard text.count - completeBytes <= DockerLimits.streamLineBytes else {
            throw .decoding(reason: "an element exceeds \(DockerLimits.streamLineBytes) bytes", call: call)
        }
        guard completeBytes > 0 else { return [] }
        let complete = text[..<completeBytes].drop { $0 != UInt8(ascii: "{") }
        let documents = try EngineWire.decode(
            [Document].self, [UInt8(ascii: "[")] + complete + [UInt8(ascii: "]")], call: call)
        text.removeSubrange(..<completeBytes)
        completeBytes = 0
        return documents
    }

    mutating func finish() throws(DockerError) -> [Document] {
        guard hasEnded else { throw .decoding(reason: "the list is cut off", call: call) }
        return []
    }

    private mutating func take(_ byte: UInt8) throws(DockerError) {
        guard !isInString else {
            isInString = isEscaped || byte != UInt8(ascii: "\"")
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            return text.append(byte)
        }
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            if depth == 1 {
                guard byte == UInt8(ascii: "["), !hasEnded else { throw notAList }
                return
            }
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth -= 1
            if depth == 0 {
                hasEnded = true
                return
            }
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): return
        default: break
        }
        guard depth > 0 else { throw notAList }
        text.append(byte)
        if depth == 1, byte == UInt8(ascii: "}") { completeBytes = text.count }
    }

    private var notAList: DockerError { .decoding(reason: "it is not a list of objects", call: call) }
}
