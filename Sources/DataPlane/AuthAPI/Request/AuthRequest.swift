import DataPlaneCore

/// A request whose query and body were read.
struct AuthRequest: Sendable {
    /// Most bytes of a body.
    static let bodyBytesMax = 1 << 20
    /// Most values of a body: metadata has 1,000 members, and administrators' lists are short.
    static let valuesMax = 10_000

    let http: ServiceRequest
    /// Path segments without empty ones.
    let segments: [String]
    let query: [(name: String, value: String)]
    /// The body as a JSON object; empty where there is none.
    let body: JSONText

    /// Reads path and query, not yet the body.
    init(head http: ServiceRequest) {
        self.http = http
        segments = http.path.split(separator: "/").map { FormText.decode(String($0), plusIsBlank: false) }
        query = FormText.pairs(http.query)
        body = .object([])
    }

    private init(_ other: AuthRequest, body: JSONText) {
        http = other.http
        segments = other.segments
        query = other.query
        self.body = body
    }

    /// With the body read: a JSON object, or a form where the request says so.
    ///
    /// - Parameter isRequired: whether an empty body is an error.
    func readingBody(isRequired: Bool) throws(AuthError) -> AuthRequest {
        guard http.body.contains(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }) else {
            if isRequired { throw .badJSON }
            return self
        }
        if http.header("content-type")?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true {
            let pairs = FormText.pairs(String(decoding: http.body, as: UTF8.self))
            return AuthRequest(self, body: .object(pairs.map { .init($0.name, .string($0.value)) }))
        }
        var limits = JSONText.Limits()
        limits.valuesMax = Self.valuesMax
        guard let json = try? JSONText(http.body, limits: limits), case .object = json else { throw .badJSON }
        return AuthRequest(self, body: json)
    }

    var version: APIVersion { APIVersion(header: http.header("x-supabase-api-version")) }

    func queryValue(_ name: String) -> String? { query.last { $0.name == name }?.value }

    func queryValues(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    /// A text of the body; nil where it is missing or null.
    func text(_ name: String) throws(AuthError) -> String? {
        switch body[name] {
        case nil, .null?: return nil
        case .string(let text)?:
            // PostgreSQL stores no zero.
            guard !text.unicodeScalars.contains("\0") else { throw .badJSON }
            return text
        default: throw .badJSON
        }
    }

    func bool(_ name: String) throws(AuthError) -> Bool? {
        switch body[name] {
        case nil, .null?: return nil
        case .bool(let truth)?: return truth
        default: throw .badJSON
        }
    }

    /// Metadata of the body, bounded; nil where it is missing or null.
    func object(_ name: String) throws(AuthError) -> [JSONText.Member]? {
        switch body[name] {
        case nil, .null?: return nil
        case .object(let members)?:
            let metadata = JSONText.object(members)
            guard Metadata.isBounded(metadata) else { throw .tooMuchMetadata }
            guard metadata.isStorable else { throw .badJSON }
            return members
        default: throw .badJSON
        }
    }

    /// Where the user is to be sent afterwards, as the request says; not yet judged.
    var redirectTarget: String? {
        [queryValue("redirect_to"), body["redirect_to"]?.stringValue, http.header("referer")]
            .compactMap { $0 }.first { !$0.isEmpty }
    }

    /// The token of the request; nil also for what is no token.
    var bearer: String? { try? BearerToken.of(http) }

    var userAgent: String? { http.header("user-agent").map { String($0.prefix(1_024)) } }
}

extension JSONText {
    /// Whether PostgreSQL can store it as jsonb, which has no zero characters.
    var isStorable: Bool {
        switch self {
        case .null, .bool, .number: true
        case .string(let text): !text.unicodeScalars.contains("\0")
        case .array(let elements): elements.allSatisfy(\.isStorable)
        case .object(let members):
            members.allSatisfy { !$0.name.unicodeScalars.contains("\0") && $0.value.isStorable }
        }
    }

    /// Members of an object; none for anything else.
    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }
}

/// `name=value` pairs of query strings and forms.
enum FormText {
    /// Most pairs that are read.
    static let pairsMax = 256

    static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&", maxSplits: pairsMax).prefix(pairsMax).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (decode(parts[0]), parts.count > 1 ? decode(parts[1]) : "")
        }
    }

    /// Resolves `%xx` and `+`; what is no such escape stays as it is.
    static func decode(_ text: String, plusIsBlank: Bool = true) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%"), position + 2 < bytes.count, let high = digit(bytes[position + 1]),
                let low = digit(bytes[position + 2])
            {
                decoded.append(high << 4 | low)
                position += 3
                continue
            }
            decoded.append(byte == UInt8(ascii: "+") && plusIsBlank ? 0x20 : byte)
            position += 1
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    /// Escapes everything but letters, digits and `-._~`, blanks as `+`.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": encoded.unicodeScalars.append(scalar)
            case " ": encoded += "+"
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return encoded
    }

    static func encode(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }
}

extension String {
    /// Without blanks and line ends around it.
    var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
