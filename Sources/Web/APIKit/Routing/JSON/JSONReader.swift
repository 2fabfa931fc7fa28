/// Reads a JSON text (RFC 8259) in one pass: each byte is read a bounded number of times, and nothing is built that the
/// limits do not allow. An object that has a name twice is refused.
package struct JSONReader {
    package let bytes: [UInt8]
    package let limits: JSONLimits
    package var position = 0
    private var depth = 0
    private var elements = 0
    /// Units of work: one for each byte read and one for each value made. The measure of the cost.
    package var steps = 0

    package init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The one value of a text surrounded by white space only.
    package static func read(_ bytes: [UInt8], limits: JSONLimits) throws(JSONReadError) -> JSON {
        var reader = JSONReader(bytes, limits: limits)
        return try reader.document()
    }

    /// Reads the whole text.
    package mutating func document() throws(JSONReadError) -> JSON {
        guard bytes.count <= limits.bytesMax else { throw .tooLarge(bytesMax: limits.bytesMax) }
        let json = try value()
        skipSpace()
        guard position == bytes.count else { throw malformed("something follows the value") }
        return json
    }

    package var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    package func malformed(_ reason: String) -> JSONReadError { .malformed(reason, offset: position) }

    package mutating func advance(by count: Int = 1) {
        position += count
        steps += count
    }

    private mutating func value() throws(JSONReadError) -> JSON {
        skipSpace()
        elements += 1
        steps += 1
        guard elements <= limits.elementsMax else { throw .tooManyElements(limits.elementsMax) }
        switch next {
        case UInt8(ascii: "{"): return try container { reader throws(JSONReadError) in try reader.object() }
        case UInt8(ascii: "["): return try container { reader throws(JSONReadError) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw malformed("the text ends too early")
        default: return try number()
        }
    }

    private mutating func container(
        _ read: (inout JSONReader) throws(JSONReadError) -> JSON
    ) throws(JSONReadError) -> JSON {
        depth += 1
        guard depth <= limits.depthMax else { throw .tooDeep(limits.depthMax) }
        advance()
        let json = try read(&self)
        depth -= 1
        return json
    }

    private mutating func array() throws(JSONReadError) -> JSON {
        skipSpace()
        if take("]") { return .array([]) }
        var values: [JSON] = []
        repeat {
            values.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw malformed("a comma or ] is missing") }
        return .array(values)
    }

    private mutating func object() throws(JSONReadError) -> JSON {
        skipSpace()
        if take("}") { return .object([:]) }
        var fields: [String: JSON] = [:]
        repeat {
            skipSpace()
            let start = position
            guard next == UInt8(ascii: "\"") else { throw malformed("a name in quotation marks is missing") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw malformed("a colon is missing") }
            guard fields.updateValue(try value(), forKey: name) == nil else { throw .duplicateName(offset: start) }
            skipSpace()
        } while take(",")
        guard take("}") else { throw malformed("a comma or } is missing") }
        return .object(fields)
    }

    private mutating func word(_ word: StaticString, _ json: JSON) throws(JSONReadError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard bytes[position...].starts(with: word.description.utf8) else { throw malformed("a value is missing") }
        advance(by: count)
        return json
    }

    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = next, UInt32(byte) == character.value else { return false }
        advance()
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
    }
}
