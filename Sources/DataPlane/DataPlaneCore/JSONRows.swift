/// What rows a document is made of. Nothing is kept of it but the first row: a large document costs little more than
/// its text.
public struct JSONRows: Sendable, Equatable {
    /// What the document is.
    public enum Shape: Sendable, Equatable {
        case object, array, scalar
    }

    /// Members of the first row whose values are kept; more than any table has columns.
    public static let valuesMax = 2_048
    /// Most members of a row: their names are kept.
    public static let membersMax = 65_536

    /// What the document is.
    public var shape: Shape
    /// Elements of the array; 1 for anything else.
    public var count = 1
    /// Members of the object, or of the array's first element. Arrays and objects in it, and values beyond
    /// ``valuesMax``, are null: ``firstBytes`` says where they are.
    public var first: [JSONText.Member] = []
    /// Bytes of the text that hold the first row; empty where there is none.
    public var firstBytes = 0..<0
    /// Whether every row is an object.
    public var areObjects = true
    /// Whether all rows that are objects have the same names.
    public var areAlike = true

    /// Reads a document in UTF-8, as ``JSONText`` does.
    public init(_ bytes: [UInt8], limits: JSONText.Limits = JSONText.Limits()) throws(JSONText.Failure) {
        var reader = JSONReader(bytes: bytes, limits: limits)
        self = try reader.rows()
    }

    fileprivate init(shape: Shape) { self.shape = shape }
}

extension JSONReader {
    mutating func rows() throws(JSONText.Failure) -> JSONRows {
        skipSpace()
        var rows: JSONRows
        switch next {
        case UInt8(ascii: "{"):
            count += 1
            rows = JSONRows(shape: .object)
            let start = position
            rows.first = try object(
                depth: 0, isKept: true, valuesMax: JSONRows.valuesMax, membersMax: JSONRows.membersMax)
            rows.firstBytes = start..<position
        case UInt8(ascii: "["):
            count += 1
            rows = try arrayRows()
        default:
            rows = JSONRows(shape: .scalar)
            rows.areObjects = false
            _ = try value(depth: 0, isKept: false)
        }
        try end()
        return rows
    }

    private mutating func arrayRows() throws(JSONText.Failure) -> JSONRows {
        var rows = JSONRows(shape: .array)
        rows.count = 0
        var names: [String]?
        try eachElement { reader throws(JSONText.Failure) in
            rows.count += 1
            reader.skipSpace()
            guard reader.next == UInt8(ascii: "{") else {
                rows.areObjects = false
                _ = try reader.value(depth: 1, isKept: false)
                return
            }
            reader.count += 1
            guard reader.count <= reader.limits.valuesMax else { throw reader.failure }
            let start = reader.position
            let members = try reader.object(
                depth: 1, isKept: true, valuesMax: names == nil ? JSONRows.valuesMax : 0,
                membersMax: JSONRows.membersMax)
            let found = members.map(\.name)
            if let known = names {
                if rows.areAlike, found != known { rows.areAlike = Set(found) == Set(known) }
            } else {
                names = found
                rows.first = members
                rows.firstBytes = start..<reader.position
            }
        }
        return rows
    }
}
