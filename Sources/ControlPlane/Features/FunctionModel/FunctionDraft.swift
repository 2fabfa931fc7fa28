/// A deployment request; unchecked.
public struct FunctionDraft: Sendable, Equatable {
    /// Name in the URL.
    public var slug: String
    /// Display name; nil keeps the present one, or takes the slug.
    public var name: String?
    /// Whether a request needs a token; nil keeps the present value; true for a new function.
    public var verifyJWT: Bool?
    /// The file that runs.
    public var entrypointPath: String
    public var importMapPath: String?
    /// All files.
    public var files: [FunctionFile]

    public init(
        slug: String, name: String? = nil, verifyJWT: Bool? = nil, entrypointPath: String,
        importMapPath: String? = nil, files: [FunctionFile]
    ) {
        self.slug = slug
        self.name = name
        self.verifyJWT = verifyJWT
        self.entrypointPath = entrypointPath
        self.importMapPath = importMapPath
        self.files = files
    }
}

/// A draft that was checked; see ``FunctionRules/deployment(_:newID:digest:)``.
public struct FunctionDeployment: Sendable, Equatable {
    /// Name in the URL.
    public let slug: String
    /// Display name; nil keeps the present one, or takes the slug.
    public let name: String?
    /// Whether a request needs a token; nil keeps the present value; true for a new function.
    public let verifyJWT: Bool?
    /// The file that runs, one of ``files``.
    public let entrypointPath: String
    /// The import map, one of ``files``.
    public let importMapPath: String?
    /// All files, by path.
    public let files: [FunctionFile]
    /// SHA-256 over all files and the two paths.
    public let sha256: String
    /// Identifier that the function gets when it is a new one.
    public let newID: String

    /// Bytes of all files together.
    public var byteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }
}

/// A change of a function's description, or the step by which a bundle that was uploaded before goes live.
public struct FunctionUpdate: Sendable, Equatable {
    /// The function.
    public var slug: String
    /// New display name; nil keeps it.
    public var name: String?
    /// Whether a request needs a token; nil keeps it.
    public var verifyJWT: Bool?
    /// Another file to run; nil keeps it.
    public var entrypointPath: String?
    /// Another import map; nil keeps it.
    public var importMapPath: String?
    /// The version to act on: the one that runs, or that of the bundle that is to run. Nil means the running one.
    public var version: Int?
    /// The hash that the version is expected to have; nil does not check.
    public var sha256: String?

    /// An update that changes nothing yet.
    public init(slug: String, version: Int? = nil) {
        self.slug = slug
        self.version = version
    }
}
