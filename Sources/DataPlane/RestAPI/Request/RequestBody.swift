import DataPlaneCore

/// A request body in the form that statements take: JSON text, and the keys of its objects.
struct RequestBody: Equatable {
    /// JSON text; CSV and form data were turned into it.
    var json: String
    /// Names of the members, sorted; nil where nobody looked.
    var keys: [String]?
    /// Whether `json` is an array.
    var isArray: Bool
    /// Rows of the body; nil where nobody looked.
    var rows: Int?
    /// Whether it is JSON, but neither an object nor a list of objects: only a function that takes it whole can use it.
    var isScalar = false
    /// The only object, or the first one, where the body was looked at.
    var first: [JSONText.Member] = []

    /// Reads a body.
    ///
    /// - Parameter columns: columns that the request names: then nobody looks into JSON, and PostgreSQL reports what
    ///   is wrong with it.
    static func read(_ bytes: [UInt8], type: MediaType, columns: [String]?) throws(RestError) -> RequestBody {
        switch type.vendorName {
        case MediaType.json.name, MediaType.object.name, MediaType.array.name:
            return try json(bytes, columns: columns)
        case MediaType.csv.name: return try csv(bytes)
        case MediaType.form.name: return form(bytes)
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
        guard let value = try? JSONText(bytes) else { throw .badBody("Empty or invalid json") }
        switch value {
        case .object(let members):
            return RequestBody(json: text, keys: names(members), isArray: false, rows: 1, first: members)
        case .array(let elements): return try array(elements, text: text)
        default: return RequestBody(json: "[]", keys: [], isArray: true, rows: 0)
        }
    }

    private static func array(_ elements: [JSONText], text: String) throws(RestError) -> RequestBody {
        var keys: [String]?
        var first: [JSONText.Member] = []
        for element in elements {
            guard case .object(let members) = element else { throw .badBody("All object keys must match") }
            let names = names(members)
            guard keys == nil || keys == names else { throw .badBody("All object keys must match") }
            if keys == nil { first = members }
            keys = names
        }
        return RequestBody(json: text, keys: keys ?? [], isArray: true, rows: elements.count, first: first)
    }

    private static func names(_ members: [JSONText.Member]) -> [String] { Array(Set(members.map(\.name))).sorted() }

    // MARK: Forms

    private static func form(_ bytes: [UInt8]) -> RequestBody {
        let pairs = QueryReader.pairs(of: String(decoding: bytes, as: UTF8.self))
        // Of a field that comes several times the last one counts, at its own place.
        let last = Dictionary(pairs.enumerated().map { ($1.0, $0) }, uniquingKeysWith: { $1 })
        let members = pairs.enumerated().filter { last[$1.0] == $0 }.map { JSONText.Member($1.0, .string($1.1)) }
        return RequestBody(
            json: JSONText.object(members).text, keys: names(members), isArray: false, rows: 1, first: members)
    }

    // MARK: CSV

    private static func csv(_ bytes: [UInt8]) throws(RestError) -> RequestBody {
        let lines = try CSVReader.read(String(decoding: bytes, as: UTF8.self))
        guard let header = lines.first else { throw .badBody("not enough input") }
        let rows = try lines.dropFirst().map { line throws(RestError) -> JSONText in
            guard line.count == header.count else { throw .badBody("All lines must have same number of fields") }
            return .object(zip(header, line).map { .init($0, $1 == "NULL" ? .null : .string($1)) })
        }
        return RequestBody(
            json: JSONText.array(rows).text, keys: Array(Set(header)).sorted(), isArray: true, rows: rows.count,
            first: header.map { .init($0, .null) })
    }
}

/// Comma-separated values (RFC 4180).
enum CSVReader {
    static func read(_ text: String) throws(RestError) -> [[String]] {
        var lines: [[String]] = []
        var line: [String] = []
        var scalars = text.unicodeScalars[...]
        while !scalars.isEmpty {
            line.append(try field(&scalars))
            if scalars.first == "," {
                scalars.removeFirst()
                if scalars.isEmpty { line.append("") }
                continue
            }
            if scalars.first == "\r" { scalars.removeFirst() }
            if scalars.first == "\n" { scalars.removeFirst() }
            lines.append(line)
            line = []
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    private static func field(_ scalars: inout Substring.UnicodeScalarView) throws(RestError) -> String {
        guard scalars.first == "\"" else {
            let plain = scalars.prefix { $0 != "," && $0 != "\n" && $0 != "\r" }
            scalars = scalars[plain.endIndex...]
            return String(plain)
        }
        scalars.removeFirst()
        var field = String.UnicodeScalarView()
        while let scalar = scalars.first {
            scalars.removeFirst()
            guard scalar == "\"" else {
                field.append(scalar)
                continue
            }
            guard scalars.first == "\"" else { return String(field) }
            field.append(scalar)
            scalars.removeFirst()
        }
        throw .badBody("a quoted field of the CSV body does not end")
    }
}
