/// The header fields of a response, in the order in which they came.
public struct HTTPHeaders: Sendable, Equatable {
    /// Name and value of one field, without the white space around the value.
    public struct Field: Sendable, Equatable {
        /// The name as it was sent.
        public let name: String
        /// The value; bytes that are not UTF-8 are replaced.
        public let value: String
    }

    /// All fields.
    public internal(set) var fields: [Field] = []

    /// The value of the first field with this name; capitals do not matter.
    public subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }
}

/// Status and header fields of a response.
public struct HTTPResponseHead: Sendable, Equatable {
    /// The status code, 200 to 599.
    public internal(set) var status: Int
    /// The header fields.
    public internal(set) var headers: HTTPHeaders
}

/// A whole response.
public struct HTTPResponse: Sendable, Equatable {
    /// Status and header fields.
    public let head: HTTPResponseHead
    /// The body with its transfer coding taken off.
    public let body: [UInt8]

    /// The status code.
    public var status: Int { head.status }
    /// The header fields.
    public var headers: HTTPHeaders { head.headers }
}
