public import ProjectModel

/// An Edge Function of a project, without its files.
public struct EdgeFunction: Sendable, Equatable {
    /// Identifier, a UUID in lower case; stays the same over all versions.
    public var id: String
    public var ref: ProjectRef
    /// Name in the URL; unique in the project.
    public var slug: String
    /// Display name.
    public var name: String
    /// Whether it can be called.
    public var status: FunctionStatus
    /// Counts deployments, from 1.
    public var version: Int
    /// Whether a request needs a valid token of the project.
    public var verifyJWT: Bool
    /// The file that runs, one of the function's own.
    public var entrypointPath: String
    /// The import map, one of the function's own files; absent when there is none.
    public var importMapPath: String?
    /// SHA-256 over all files and the two paths, 64 hexadecimal digits: `ezbr_sha256` in Supabase's words.
    public var sha256: String
    /// First deployment.
    public var createdAt: Timestamp
    /// Last deployment or change.
    public var updatedAt: Timestamp

    public init(
        id: String, ref: ProjectRef, slug: String, name: String, status: FunctionStatus = .active, version: Int,
        verifyJWT: Bool, entrypointPath: String, importMapPath: String?, sha256: String, createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.ref = ref
        self.slug = slug
        self.name = name
        self.status = status
        self.version = version
        self.verifyJWT = verifyJWT
        self.entrypointPath = entrypointPath
        self.importMapPath = importMapPath
        self.sha256 = sha256
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// Changes with everything that concerns the copy in the project's folder.
    public var stamp: String { "\(id) \(version) \(updatedAt.milliseconds) \(sha256)" }
}

/// Whether a function can be called. The other words of the Management API, `REMOVED` and `THROTTLED`, are never given
/// here: a function that is deleted is gone.
public enum FunctionStatus: String, Sendable, Equatable, CaseIterable {
    /// It can be called.
    case active = "ACTIVE"
}

public struct FunctionFile: Sendable, Equatable {
    /// Where it lies, relative to the function's folder; see ``FunctionPath``.
    public var path: String
    /// Its content.
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// A function with its files.
public struct DeployedFunction: Sendable, Equatable {
    public var function: EdgeFunction
    /// Its files, by path.
    public var files: [FunctionFile]

    /// A function with its files.
    public init(_ function: EdgeFunction, files: [FunctionFile]) {
        self.function = function
        self.files = files
    }
}

/// What happens to uploaded files.
public enum FunctionStage: String, Sendable, Equatable, CaseIterable {
    /// They run.
    case live
    /// They wait until an update names their version: so several functions change together.
    case bundle
}
