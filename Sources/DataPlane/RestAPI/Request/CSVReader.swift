import DataPlaneCore

/// Turns comma-separated values (RFC 4180) into the JSON text of a list of objects, in one pass over the bytes.
///
/// The text grows with the header in every row, so that a small body can mean a large one: values and bytes of the
/// result are bounded while it is written.
struct CSVReader {
    /// A whole body.
    struct Document: Equatable {
        /// A list of objects; the text `NULL` is null, everything else a string.
        var json: String
        /// Names of the columns in their order.
        var header: [String]
        /// Rows below the header.
        var rows: Int
    }

    /// Most fields of the header: PostgreSQL's bound of columns.
    static let columnsMax = 1_600
    /// Most fields of all rows together.
    static let valuesMax = 1_000_000
    /// How many times as large as the largest body the JSON text may be.
    static let growthMax = 2
    private static let defaultBytesMax = growthMax * RestConfiguration().bodyBytesMax

    private let bytes: [UInt8]
    private let valuesMax: Int
    private let jsonBytesMax: Int
    private var position = 0
    private var json: [UInt8] = []

    /// A reader of bytes; those that are no UTF-8 become U+FFFD.
    init(_ bytes: [UInt8], valuesMax: Int = valuesMax, jsonBytesMax: Int = defaultBytesMax) {
        let isText = String(validating: bytes, as: UTF8.self) != nil
        self.bytes = isText ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
        self.valuesMax = valuesMax
        self.jsonBytesMax = jsonBytesMax
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func document() throws(RestError) -> Document {
        guard next != nil else { throw .badBody("not enough input") }
        var header: [String] = []
        let columnsMax = min(Self.columnsMax, valuesMax)
        try line { field throws(RestError) in
            guard header.count < columnsMax else { throw .tooManyValues(columnsMax) }
            header.append(String(decoding: field, as: UTF8.self))
        }
        let names = header.map { Array((JSONText.string($0).text + ":").utf8) }
        var rows = 0
        json = [UInt8(ascii: "[")]
        while next != nil {
            guard (rows + 1) * header.count <= valuesMax else { throw .tooManyValues(valuesMax) }
            if rows > 0 { json.append(UInt8(ascii: ",")) }
            try row(names)
            rows += 1
        }
        json.append(UInt8(ascii: "]"))
        return Document(json: String(decoding: json, as: UTF8.self), header: header, rows: rows)
    }

    private mutating func row(_ names: [[UInt8]]) throws(RestError) {
        var object: [UInt8] = [UInt8(ascii: "{")]
        var column = 0
        let room = jsonBytesMax - json.count
        let jsonBytesMax = jsonBytesMax
        try line { field throws(RestError) in
            guard column < names.count else { throw .unequalLines }
            if column > 0 { object.append(UInt8(ascii: ",")) }
            object += names[column]
            Self.append(field, to: &object)
            column += 1
            guard object.count < room else { throw .bodyTooLarge(jsonBytesMax) }
        }
        guard column == names.count else { throw .unequalLines }
        object.append(UInt8(ascii: "}"))
        json += object
    }

    /// Reads one line and what ends it.
    private mutating func line(_ take: ([UInt8]) throws(RestError) -> Void) throws(RestError) {
        while true {
            try take(try field())
            guard next == UInt8(ascii: ",") else { break }
            position += 1
            if next == nil {
                try take([])
                break
            }
        }
        if next == UInt8(ascii: "\r") { position += 1 }
        if next == UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func field() throws(RestError) -> [UInt8] {
        guard next == UInt8(ascii: "\"") else {
            let start = position
            while let byte = next, !Self.endsField(byte) { position += 1 }
            return Array(bytes[start..<position])
        }
        position += 1
        var field: [UInt8] = []
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard next == UInt8(ascii: "\"") else { return field }
                position += 1
            }
            field.append(byte)
        }
        throw .badBody("a quoted field of the CSV body does not end")
    }

    private static func endsField(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    private static let null = Array("NULL".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    private static func append(_ field: [UInt8], to json: inout [UInt8]) {
        guard field != null else {
            json += "null".utf8
            return
        }
        json.append(UInt8(ascii: "\""))
        for byte in field {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: json += "\\u00".utf8 + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }
}
