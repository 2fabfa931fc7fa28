/// Turns PostgreSQL's text form of an array, `{1,NULL,"a \"b\""}`, into JSON.
struct ArrayReader {
    /// PostgreSQL's own limit of dimensions (`MAXDIM`).
    static let maximumDepth = 6

    private let text: [UInt8]
    private let element: ValueForm
    private var position = 0
    private var json: [UInt8] = []

    init(text: [UInt8], element: ValueForm) {
        self.text = text
        self.element = element
    }

    /// The JSON array; nil if the text is not an array's.
    mutating func read() -> [UInt8]? {
        skipBounds()
        guard array(depth: 1), position == text.count else { return nil }
        return json
    }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    /// Bounds other than from 1 stand in front, as in `[0:1]={a,b}`; JSON has no place for them.
    private mutating func skipBounds() {
        guard next == UInt8(ascii: "["), let end = text.firstIndex(of: UInt8(ascii: "=")) else { return }
        position = end + 1
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = next, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func array(depth: Int) -> Bool {
        guard depth <= Self.maximumDepth, take("{") else { return false }
        json.append(UInt8(ascii: "["))
        if !take("}") {
            guard item(depth: depth) else { return false }
            while take(",") {
                json.append(UInt8(ascii: ","))
                guard item(depth: depth) else { return false }
            }
            guard take("}") else { return false }
        }
        json.append(UInt8(ascii: "]"))
        return true
    }

    private mutating func item(depth: Int) -> Bool {
        switch next {
        case UInt8(ascii: "{"): return array(depth: depth + 1)
        case UInt8(ascii: "\""):
            guard let value = quoted() else { return false }
            element.append(value, to: &json)
        default:
            let value = plain()
            guard !value.isEmpty else { return false }
            if value.elementsEqual("NULL".utf8) { json += Array("null".utf8) } else { element.append(value, to: &json) }
        }
        return true
    }

    /// An element in quotation marks, in which a backslash stands before each mark and backslash; nil without an end.
    private mutating func quoted() -> [UInt8]? {
        position += 1
        var value: [UInt8] = []
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") { return value }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard let escaped = next else { return nil }
            value.append(escaped)
            position += 1
        }
        return nil
    }

    private mutating func plain() -> [UInt8] {
        let value = text[position...].prefix { byte in !",{}\"\\".utf8.contains(byte) }
        position += value.count
        return Array(value)
    }
}
