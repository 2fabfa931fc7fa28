import APIKit

/// Rows of an SQL answer, with the columns in the order in which the database gave them.
struct ResultTable: Sendable, Equatable {
    /// Names of the columns.
    let columns: [String]
    /// Texts of the values, row by row; nil stands for NULL.
    let rows: [[String?]]
    /// Whether there are more rows than these.
    let isCut: Bool

    /// Rows that a page shows.
    static let rowsMax = 500
    /// Columns that a page shows.
    static let columnsMax = 200

    init(columns: [String], rows: [[String?]], isCut: Bool) {
        (self.columns, self.rows, self.isCut) = (columns, rows, isCut)
    }

    /// Reads a JSON list of objects; nil for anything else. The columns are those of the first row.
    ///
    /// - Parameter limit: rows that are read.
    init?(_ json: [UInt8], limit: Int = ResultTable.rowsMax) {
        var reader = RowReader(json)
        guard reader.take("[") else { return nil }
        var (columns, rows, isCut) = ([String](), [[String?]](), false)
        while !reader.take("]") {
            if rows.count == limit {
                isCut = true
                break
            }
            guard let fields = reader.object(), reader.take(",") || reader.isAt("]") else { return nil }
            if rows.isEmpty { columns = fields.prefix(Self.columnsMax).map(\.name) }
            rows.append(fields.prefix(Self.columnsMax).map(\.value))
        }
        self.init(columns: columns, rows: rows, isCut: isCut)
    }

    /// Values of a column that the caller's own SQL names.
    func values(of column: String) -> [String?] {
        guard let index = columns.firstIndex(of: column) else { return [] }
        return rows.map { $0.indices.contains(index) ? $0[index] : nil }
    }
}

/// Goes through JSON that the manager wrote itself, and keeps the order of fields.
private struct RowReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func isAt(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        position += 1
        return true
    }

    /// The fields of an object; nil where there is none.
    mutating func object() -> [(name: String, value: String?)]? {
        guard take("{") else { return nil }
        var fields: [(name: String, value: String?)] = []
        while !take("}") {
            guard isAt("\""), let name = Self.text(skipValue()), take(":") else { return nil }
            skipSpace()
            let value = skipValue()
            guard !value.isEmpty, take(",") || isAt("}") else { return nil }
            fields.append((name, value.elementsEqual("null".utf8) ? nil : Self.text(value)))
        }
        return fields
    }

    /// Goes behind a value, and gives its bytes.
    private mutating func skipValue() -> ArraySlice<UInt8> {
        let start = position
        var (depth, isInText) = (0, false)
        while position < bytes.count {
            let byte = bytes[position]
            if isInText {
                if byte == UInt8(ascii: "\\") { position += 1 } else if byte == UInt8(ascii: "\"") { isInText = false }
            } else {
                if depth == 0, position > start, Self.isEnd(byte) { break }
                switch byte {
                case UInt8(ascii: "\""): isInText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
            position += 1
        }
        position = min(position, bytes.count)
        return bytes[start..<position]
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        [UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0A, 0x0D]
            .contains(byte)
    }

    /// The text of a string, and any other value as it is written.
    private static func text(_ value: ArraySlice<UInt8>) -> String? {
        guard value.first == UInt8(ascii: "\"") else { return String(validating: value, as: UTF8.self) }
        return JSON(bytes: Array(value))?.text
    }
}
