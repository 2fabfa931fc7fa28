import DataPlaneCore

/// A request body in the form that statements take: JSON text, and the keys of its objects.
struct RequestBody: Equatable {
    /// JSON text; CSV and form data were turned into it.
    var json: String
    /// Names of the members, sorted; nil where the body was not parsed.
    var keys: [String]?
    /// Whether `json` is an array.
    var isArray: Bool
    /// Rows of the body; nil where it was not parsed.
    var rows: Int?
    /// Whether it is JSON, but neither an object nor a list of objects: only a function that takes it whole can use it.
    var isScalar = false
    /// The only object, or the first one, where the body was looked at: names and plain values.
    var first: [JSONText.Member] = []
    /// Bytes of `json` that hold the first object; nil where `first` is all of it.
    var firstBytes: Range<Int>?

    /// JSON text of the first object.
    var firstText: String {
        guard let firstBytes else { return JSONText.object(first).text }
        return String(decoding: json.utf8.dropFirst(firstBytes.lowerBound).prefix(firstBytes.count), as: UTF8.self)
    }

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - columns: columns that the request names: then JSON is not parsed, and PostgreSQL reports what is wrong with
    ///     it.
    ///   - bytesMax: bytes of the bodies that are taken.
    static func read(
        _ bytes: [UInt8], type: MediaType, columns: [String]?, bytesMax: Int = RestConfiguration().bodyBytesMax
    ) throws(RestError) -> RequestBody {
        switch type.vendorName {
        case MediaType.json.name, MediaType.object.name, MediaType.array.name:
            return try json(bytes, columns: columns)
        case MediaType.csv.name: return try csv(bytes, bytesMax: bytesMax)
        case MediaType.form.name: return try form(bytes)
        default: throw .badBody("Content-Type not acceptable: \(ErrorText.name(type.spelled))")
        }
    }

    // MARK: JSON

    private static func json(_ bytes: [UInt8], columns: [String]?) throws(RestError) -> RequestBody {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
        let text = String(decoding: bytes, as: UTF8.self)
        if let columns {
            let isArray = bytes.first { !isBlank($0) } == UInt8(ascii: "[")
            return RequestBody(json: text, keys: Array(Set(columns)).sorted(), isArray: isArray, rows: nil)
        }
        guard let rows = try? JSONRows(bytes) else { throw .badBody("Empty or invalid json") }
        guard rows.shape != .scalar else { return RequestBody(json: "[]", keys: [], isArray: true, rows: 0) }
        guard rows.areObjects, rows.areAlike else { throw .badBody("All object keys must match") }
        return RequestBody(
            json: text, keys: names(rows.first), isArray: rows.shape == .array, rows: rows.count, first: rows.first,
            firstBytes: rows.firstBytes)
    }

    private static func names(_ members: [JSONText.Member]) -> [String] { Array(Set(members.map(\.name))).sorted() }

    // MARK: Forms

    /// Most fields of a form.
    static let fieldsMax = 10_000

    /// Names and values of a form.
    static func fields(_ bytes: [UInt8]) throws(RestError) -> [(String, String)] {
        let separators = bytes.count { $0 == UInt8(ascii: "&") }
        guard separators < fieldsMax else { throw .tooManyValues(fieldsMax) }
        return QueryReader.pairs(of: String(decoding: bytes, as: UTF8.self))
    }

    private static func form(_ bytes: [UInt8]) throws(RestError) -> RequestBody {
        let pairs = try fields(bytes)
        // Of a field that comes several times the last one counts, at its own place.
        let last = Dictionary(pairs.enumerated().map { ($1.0, $0) }, uniquingKeysWith: { $1 })
        let members = pairs.enumerated().filter { last[$1.0] == $0 }.map { JSONText.Member($1.0, .string($1.1)) }
        return RequestBody(
            json: JSONText.object(members).text, keys: names(members), isArray: false, rows: 1, first: members)
    }

    // MARK: CSV

    private static func csv(_ bytes: [UInt8], bytesMax: Int) throws(RestError) -> RequestBody {
        var reader = CSVReader(bytes, jsonBytesMax: CSVReader.growthMax * bytesMax)
        let document = try reader.document()
        return RequestBody(
            json: document.json, keys: Array(Set(document.header)).sorted(), isArray: true, rows: document.rows,
            first: document.header.map { .init($0, .null) })
    }
}
