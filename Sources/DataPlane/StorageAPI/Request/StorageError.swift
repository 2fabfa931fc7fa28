import DataPlaneCore
import FileKit
import PostgresKit

/// What a client gets in place of an answer. The HTTP status is 400 for nearly everything: clients read `statusCode`.
struct StorageError: Error, Sendable, Equatable {
    /// The status of the answer itself.
    var httpStatus = 400
    /// The logical status, which S3 and TUS answer with.
    var statusCode: Int
    var error: String
    var message: String
    var code: String
    /// What operators must know; never sent.
    var cause: String?

    init(_ statusCode: Int, code: String, error: String? = nil, message: String, httpStatus: Int = 400) {
        self.statusCode = statusCode
        self.code = code
        self.error = error ?? code
        self.message = message
        self.httpStatus = httpStatus
    }

    /// The answer of the REST endpoints.
    var response: ServiceResponse {
        ServiceResponse(
            status: httpStatus,
            json: .object([
                .init("statusCode", .string(String(statusCode))), .init("error", .string(error)),
                .init("message", .string(message)), .init("code", .string(code)),
            ]))
    }
}

extension StorageError {
    static let noSuchBucket = StorageError(
        404, code: "NoSuchBucket", error: "Bucket not found", message: "Bucket not found")
    static let noSuchKey = StorageError(404, code: "NoSuchKey", error: "not_found", message: "Object not found")
    static let keyExists = StorageError(
        409, code: "KeyAlreadyExists", error: "Duplicate", message: "The resource already exists")
    static let bucketExists = StorageError(
        409, code: "BucketAlreadyExists", error: "Duplicate", message: "The resource already exists")
    static let notEmpty = StorageError(
        409, code: "ResourceNotEmpty", message: "The bucket you tried to delete is not empty")
    static let rowSecurity = StorageError(
        403, code: "AccessDenied", error: "Unauthorized", message: "new row violates row-level security policy")
    static let accessDenied = StorageError(
        403, code: "AccessDenied", error: "Unauthorized", message: "Access denied")
    static let wrongRole = StorageError(
        403, code: "AccessDenied", error: "Unauthorized", message: "Access denied: Invalid role", httpStatus: 403)
    static let noAuthorization = StorageError(
        400, code: "InvalidRequest", error: "Error", message: "headers must have required property 'authorization'")
    static let badBucketName = StorageError(
        400, code: "InvalidBucketName", error: "Invalid Input", message: "Bucket name invalid")
    static let tooLarge = StorageError(
        413, code: "EntityTooLarge", error: "Payload too large",
        message: "The object exceeded the maximum allowed size")
    static let full = StorageError(
        413, code: "EntityTooLarge", error: "Payload too large",
        message: "The objects of the project exceeded the maximum allowed size together")
    static let bodyType = StorageError(
        415, code: "InvalidRequest", error: "invalid_mime_type", message: "Unsupported Media Type")
    static let badSignature = StorageError(400, code: "InvalidSignature", message: "The signature is not valid")
    static let expiredSignature = StorageError(400, code: "ExpiredToken", message: "The signed URL has expired")
    static let noRoute = StorageError(404, code: "InvalidRequest", error: "Not Found", message: "Route not found")
    static let slowBody = StorageError(
        408, code: "RequestTimeout", message: "The end of the body did not come in time", httpStatus: 408)
    static let abortedBody = StorageError(400, code: "AbortedTerminate", message: "The body was cut off")
    static let noSpace = StorageError(
        507, code: "InsufficientStorage", message: "There is no room left for the object", httpStatus: 507)
    static let imagesOff = StorageError(
        400, code: "InvalidRequest", error: "FeatureNotEnabled", message: "Image transformation is not enabled")
    static let notReady = StorageError(
        503, code: "SlowDown", message: "The schema of the database is not ready yet; try again later", httpStatus: 503)

    static func badKey(_ key: String) -> StorageError {
        StorageError(400, code: "InvalidKey", message: "Invalid key: \(key)")
    }

    static func badToken(_ message: String) -> StorageError {
        StorageError(403, code: "InvalidJWT", error: "Unauthorized", message: message)
    }

    static func badRequest(_ message: String) -> StorageError {
        StorageError(400, code: "InvalidRequest", message: message)
    }

    static func badParameter(_ name: String) -> StorageError {
        StorageError(400, code: "InvalidParameter", message: "Invalid parameter: \(name)")
    }

    static func missingParameter(_ name: String) -> StorageError {
        StorageError(400, code: "MissingParameter", message: "Missing required parameter: \(name)")
    }

    static func mimeType(_ type: String) -> StorageError {
        StorageError(
            415, code: "InvalidMimeType", error: "invalid_mime_type", message: "mime type \(type) is not supported")
    }

    static func badRange(_ text: String) -> StorageError {
        StorageError(
            416, code: "InvalidRange", error: "invalid_range", message: "The range \(text) cannot be satisfied",
            httpStatus: 416)
    }

    static func unexpected(_ cause: String) -> StorageError {
        var error = StorageError(500, code: "InternalError", message: "Internal server error", httpStatus: 500)
        error.cause = cause
        return error
    }
}

extension StorageError {
    /// The error for whatever a part of the service threw.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as BodyInterruption: self = error == .tooSlow ? .slowBody : .abortedBody
        case let error as PostgresError: self.init(database: error)
        case let error as FileError: self.init(file: error)
        case is CancellationError: self = .abortedBody
        default: self = .unexpected("\(error)")
        }
    }

    private init(file error: FileError) {
        self =
            error.isOverQuota
            ? .full : error.isNoSpace ? .noSpace : error.isMissing ? .noSuchKey : .unexpected("\(error)")
        cause = "\(error)"
    }

    private init(database error: PostgresError) {
        switch error {
        case .server(let report): self.init(report)
        case .deadlineExceeded, .acquireDeadlineExceeded:
            self.init(
                544, code: "DatabaseTimeout", message: "The database did not answer in time", httpStatus: 544)
        case .queueFull:
            self.init(
                429, code: "SlowDown", error: "too_many_connections", message: "Too many connections", httpStatus: 429)
        case .cancelled: self = .abortedBody
        default: self.init(500, code: "InternalError", message: "The database does not answer", httpStatus: 500)
        }
        cause = "\(error)"
    }

    private init(_ report: PostgresServerError) {
        switch report.sqlState {
        case "42501":
            self = report.message.hasPrefix("Direct deletion") ? .unexpected(report.message) : .rowSecurity
        case "23505": self = report.table == "buckets" ? .bucketExists : .keyExists
        case "23503": self = .noSuchBucket
        case "57014":
            self.init(544, code: "DatabaseTimeout", message: "The database did not answer in time", httpStatus: 544)
        case "53300":
            self.init(
                429, code: "SlowDown", error: "too_many_connections", message: "Too many connections", httpStatus: 429)
        case "25006": self.init(503, code: "DatabaseReadOnly", message: "The database takes no writes now")
        case "22P05": self = .badRequest("The metadata holds a character that cannot be kept")
        // A role that is not there, or that the server must not take.
        case "22023" where report.message.contains("role"): self = .accessDenied
        default: self = .unexpected("SQLSTATE \(report.sqlState): \(report.message)")
        }
    }
}
