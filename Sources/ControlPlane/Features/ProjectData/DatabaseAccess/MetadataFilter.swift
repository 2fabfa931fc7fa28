import APIKit
import HTTPTypes

/// What the lists of `postgres-meta` can be narrowed by. It puts some of these words into SQL that runs as the
/// project's owner unchecked, and the caller may be read-only: so only values that were parsed here reach it.
enum MetadataFilter: String, CaseIterable {
    case id, limit, offset
    case includesColumns = "include_columns"
    case includedSchemas = "included_schemas"
    case excludedSchemas = "excluded_schemas"
    case includesSystemSchemas = "include_system_schemas"

    /// Most entries of a list, and most that are left out before it.
    static let countMax = 1_000_000
    /// Longest name in PostgreSQL, in bytes (`NAMEDATALEN`).
    static let nameBytesMax = 63

    /// The parameters as the documentation has them.
    static var parameters: [Operation.Parameter] {
        allCases.map(\.parameter)
    }

    /// The filters that a request gives; throws 400 for one that is not what it should be.
    static func read(_ query: QueryParameters) throws(APIError) -> [(String, String)] {
        var found: [(String, String)] = []
        for filter in allCases {
            if let value = try filter.value(query) { found.append((filter.rawValue, value)) }
        }
        return found
    }

    /// A list of schemas, separated by commas; nil when the parameter is absent.
    static func schemas(_ name: String, _ query: QueryParameters) throws(APIError) -> String? {
        guard let names = query.list(name) else { return nil }
        for schema in names {
            let isName =
                (1...nameBytesMax).contains(schema.utf8.count)
                && schema.unicodeScalars.allSatisfy {
                    $0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-$ ".unicodeScalars.contains($0)
                }
            guard isName else {
                throw APIError(
                    .badRequest,
                    "\(name) must be names of schemas, of letters, digits, blanks and _-$, separated by commas")
            }
        }
        return names.joined(separator: ",")
    }

    private func value(_ query: QueryParameters) throws(APIError) -> String? {
        guard let text = query[rawValue] else { return nil }
        switch self {
        case .limit, .offset, .includesColumns, .includesSystemSchemas: return try query.value(of: parameter)
        case .includedSchemas, .excludedSchemas: return try Self.schemas(rawValue, query)
        case .id:
            // The number of an object, with that of a column behind it.
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map { UInt32($0) }
            guard parts.allSatisfy({ $0 != nil }) else {
                throw APIError(
                    .badRequest, "id must be the number of an object, or of one of its columns: 16384 or 16384.1")
            }
            return parts.compactMap { $0.map(String.init) }.joined(separator: ".")
        }
    }

    private var parameter: Operation.Parameter {
        Operation.Parameter(name: rawValue, schema: schema, description: words)
    }

    private var schema: Schema {
        switch self {
        case .limit, .offset: .integer(0...Int64(Self.countMax))
        case .includesColumns, .includesSystemSchemas: .boolean
        case .id, .includedSchemas, .excludedSchemas: .text
        }
    }

    private var words: String {
        switch self {
        case .id: "One entry only"
        case .limit: "Most entries"
        case .offset: "Entries left out at the beginning"
        case .includesColumns: "Whether columns are listed"
        case .includedSchemas: "Only these schemas, separated by commas"
        case .excludedSchemas: "Not these schemas, separated by commas"
        case .includesSystemSchemas: "PostgreSQL's own schemas too"
        }
    }
}
