/// What a request asks for, read from its method and path.
enum StorageRoute: Sendable, Equatable {
    /// How an object is reached.
    enum Access: Sendable, Equatable {
        /// With a token; without one where the bucket is public.
        case either
        case authenticated
        case publicly
        case signed
    }

    case status
    case buckets
    case createBucket
    case bucket(String)
    case updateBucket(String)
    case emptyBucket(String)
    case deleteBucket(String)
    case upload(ObjectPath, replaces: Bool)
    case download(ObjectPath, Access)
    case info(ObjectPath, Access)
    case delete(ObjectPath)
    case deleteMany(bucket: String)
    case list(bucket: String)
    case listV2(bucket: String)
    case move
    case copy
    case sign(ObjectPath)
    case signMany(bucket: String)
    case signUpload(ObjectPath)
    case uploadSigned(ObjectPath)
    case image(ObjectPath, Access)
    case credentials
    case createCredential
    case deleteCredential(String)
    /// The rest of the path after `/upload/resumable` or `/upload/resumable/sign`.
    case resumable(id: String?, isSigned: Bool)
    /// What stands after `/s3`, still percent-encoded.
    case s3(path: String)

    /// Whether the body is taken piece by piece.
    var takesPieces: Bool {
        switch self {
        case .upload, .uploadSigned, .resumable, .s3: true
        default: false
        }
    }

    /// Whether a request needs a token of its own.
    var isOpen: Bool {
        switch self {
        case .status, .uploadSigned, .s3: true
        case .download(_, let access), .info(_, let access), .image(_, let access): access != .authenticated
        case .resumable(_, let isSigned): isSigned
        default: false
        }
    }
}

/// Bucket and key, as the path of a request names them.
struct ObjectPath: Sendable, Equatable {
    var bucket: String
    var key: String

    /// The names are checked.
    init(bucket: String, key: String) throws(StorageError) {
        self.bucket = try StorageNames.bucket(bucket)
        self.key = try StorageNames.key(key)
    }

    /// How answers and tokens name it.
    var text: String { bucket + "/" + key }
}

extension StorageRoute {
    /// Reads a path. Slashes of a key may come encoded; empty segments of a key are part of it.
    init(method: String, path: String) throws(StorageError) {
        if path == "/s3" || path.hasPrefix("/s3/") {
            self = .s3(path: String(path.dropFirst("/s3".count)))
            return
        }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch segments.first {
        case "status", "health": self = .status
        case "bucket": self = try Self.bucket(method, Array(segments.dropFirst()))
        case "object": self = try Self.object(method, Array(segments.dropFirst()))
        case "render" where segments.dropFirst().first == "image":
            self = try Self.image(method, Array(segments.dropFirst(2)))
        case "projectd" where segments.dropFirst().first == "s3-credentials":
            self = try Self.credentials(method, Array(segments.dropFirst(2)))
        case "upload" where segments.dropFirst().first == "resumable":
            self = Self.resumable(Array(segments.dropFirst(2)))
        default: throw .noRoute
        }
    }

    private static func resumable(_ rest: [String]) -> StorageRoute {
        let isSigned = rest.first == "sign"
        let id = (isSigned ? rest.dropFirst() : rest[...]).first.flatMap { $0.isEmpty ? nil : $0 }
        return .resumable(id: id, isSigned: isSigned)
    }

    private static func credentials(_ method: String, _ rest: [String]) throws(StorageError) -> StorageRoute {
        switch (method, rest.first) {
        case ("GET", nil): return .credentials
        case ("POST", nil): return .createCredential
        case ("DELETE", let id?) where rest.count == 1: return .deleteCredential(id)
        default: throw .noRoute
        }
    }

    private static func image(_ method: String, _ rest: [String]) throws(StorageError) -> StorageRoute {
        guard method == "GET" || method == "HEAD" else { throw .noRoute }
        switch rest.first {
        case "public": return .image(try path(rest, from: 1), .publicly)
        case "authenticated": return .image(try path(rest, from: 1), .authenticated)
        case "sign": return .image(try path(rest, from: 1), .signed)
        default: throw .noRoute
        }
    }

    private static func bucket(_ method: String, _ rest: [String]) throws(StorageError) -> StorageRoute {
        guard let first = rest.first, !first.isEmpty else {
            switch method {
            case "GET": return .buckets
            case "POST": return .createBucket
            default: throw .noRoute
            }
        }
        guard let name = PathCoding.decode(first) else { throw .badBucketName }
        switch (method, rest.count) {
        case ("GET", 1): return .bucket(name)
        case ("PUT", 1): return .updateBucket(name)
        case ("DELETE", 1): return .deleteBucket(name)
        case ("POST", 2) where rest[1] == "empty": return .emptyBucket(name)
        default: throw .noRoute
        }
    }

    private static func object(_ method: String, _ rest: [String]) throws(StorageError) -> StorageRoute {
        let isRead = method == "GET" || method == "HEAD"
        switch (rest.first, method) {
        case ("public", _) where isRead: return .download(try path(rest, from: 1), .publicly)
        case ("authenticated", _) where isRead: return .download(try path(rest, from: 1), .authenticated)
        case ("sign", _) where isRead: return .download(try path(rest, from: 1), .signed)
        case ("info", _) where isRead: return try info(Array(rest.dropFirst()))
        case ("list", "POST"): return .list(bucket: try bucketName(rest, at: 1))
        case ("list-v2", "POST"): return .listV2(bucket: try bucketName(rest, at: 1))
        case ("move", "POST") where rest.count == 1: return .move
        case ("copy", "POST") where rest.count == 1: return .copy
        case ("sign", "POST") where rest.count == 2: return .signMany(bucket: try bucketName(rest, at: 1))
        case ("sign", "POST"): return .sign(try path(rest, from: 1))
        case ("upload", "POST") where rest.count > 3 && rest[1] == "sign": return .signUpload(try path(rest, from: 2))
        case ("upload", "PUT") where rest.count > 3 && rest[1] == "sign": return .uploadSigned(try path(rest, from: 2))
        case (_, "DELETE") where rest.count == 1: return .deleteMany(bucket: try bucketName(rest, at: 0))
        case (_, "DELETE"): return .delete(try path(rest, from: 0))
        case (_, "POST"): return .upload(try path(rest, from: 0), replaces: false)
        case (_, "PUT"): return .upload(try path(rest, from: 0), replaces: true)
        case _ where isRead: return .download(try path(rest, from: 0), .either)
        default: throw .noRoute
        }
    }

    private static func info(_ rest: [String]) throws(StorageError) -> StorageRoute {
        switch rest.first {
        case "public": return .info(try path(rest, from: 1), .publicly)
        case "authenticated": return .info(try path(rest, from: 1), .authenticated)
        default: return .info(try path(rest, from: 0), .authenticated)
        }
    }

    private static func bucketName(_ segments: [String], at index: Int) throws(StorageError) -> String {
        guard segments.indices.contains(index), let name = PathCoding.decode(segments[index]) else { throw .noRoute }
        return try StorageNames.bucket(name)
    }

    private static func path(_ segments: [String], from index: Int) throws(StorageError) -> ObjectPath {
        guard segments.count > index + 1, let bucket = PathCoding.decode(segments[index]) else { throw .noRoute }
        let encoded = segments[(index + 1)...].joined(separator: "/")
        guard let key = PathCoding.decode(encoded) else { throw .badKey("not UTF-8") }
        return try ObjectPath(bucket: bucket, key: key)
    }
}
