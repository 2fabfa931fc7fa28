import FoundationEssentials

/// The sources of a function, as they are sent.
public struct FunctionUpload: Sendable, Equatable {
    /// Name in the URL.
    public var slug: String
    /// The file that runs, and the import map, of ``files``.
    public var entrypoint: String
    public var importMap: String?
    /// Whether a request needs a token; nil keeps the present value, true for a new function.
    public var verifiesTokens: Bool?
    /// Content by relative path.
    public var files: [String: [UInt8]]

    public init(
        slug: String, entrypoint: String, importMap: String? = nil, verifiesTokens: Bool? = nil,
        files: [String: [UInt8]]
    ) {
        self.slug = slug
        self.entrypoint = entrypoint
        self.importMap = importMap
        self.verifiesTokens = verifiesTokens
        self.files = files
    }

    private struct Metadata: Encodable {
        let name, entrypoint_path: String
        let import_map_path: String?
        let verify_jwt: Bool?
    }

    /// A form of one part `metadata` and a part `file` for each file, whose file name is its path.
    func form(boundary: String) throws(ClientError) -> [UInt8] {
        let metadata = Metadata(
            name: slug, entrypoint_path: entrypoint, import_map_path: importMap, verify_jwt: verifiesTokens)
        guard let json = try? JSONEncoder().encode(metadata) else {
            throw .failed("the request cannot be written as JSON")
        }
        var parts: [(head: String, bytes: [UInt8])] = [(#"name="metadata""#, Array(json))]
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            guard !path.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
                throw .invalid("\(DisplayText.quoted(path)) cannot be sent: rename the file")
            }
            parts.append((#"name="file"; filename="\#(path)""#, bytes))
        }
        var form: [UInt8] = []
        for part in parts {
            form += Array("--\(boundary)\r\nContent-Disposition: form-data; \(part.head)\r\n\r\n".utf8)
            form += part.bytes + Array("\r\n".utf8)
        }
        return form + Array("--\(boundary)--\r\n".utf8)
    }
}

/// A function in a list.
public struct FunctionSummary: Codable, Sendable, Equatable {
    /// Name in the URL.
    public var slug: String
    /// Display name.
    public var name: String
    /// Counts deployments.
    public var version: Int
    /// `ACTIVE` where it can be called.
    public var status: String
    /// Whether a request needs a token.
    public var verifyJWT: Bool
    /// Last deployment, in milliseconds since 1970.
    public var updatedAt: Int64

    enum CodingKeys: String, CodingKey {
        case slug, name, version, status
        case verifyJWT = "verify_jwt"
        case updatedAt = "updated_at"
    }
}
