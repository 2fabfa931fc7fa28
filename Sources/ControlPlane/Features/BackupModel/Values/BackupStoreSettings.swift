/// Where objects are stored. Printing it never shows a secret.
public enum BackupStoreSettings: Sendable, Equatable {
    /// A folder of this machine, which exists.
    case folder(path: String)
    case s3(S3StoreSettings)
}

/// What a store is, as every user of it may know.
public enum BackupStoreKind: String, Sendable, CaseIterable {
    case folder
    case s3
}

extension BackupStoreSettings {
    public var kind: BackupStoreKind {
        switch self {
        case .folder: .folder
        case .s3: .s3
        }
    }
}

/// A bucket behind the S3 API, addressed by path.
public struct S3StoreSettings: Sendable, Equatable {
    /// Scheme, host and port, and a path where the API has one, such as `https://s3.example.com`.
    public var endpoint: String
    public var region: String
    public var bucket: String
    /// What all names of objects begin with; empty or ending with `/`.
    public var prefix: String
    public var accessKeyID: String
    public var secretAccessKey: String

    public init(
        endpoint: String, region: String, bucket: String, prefix: String = "", accessKeyID: String,
        secretAccessKey: String
    ) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.prefix = prefix
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
    }
}

extension S3StoreSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Endpoint, bucket and prefix.
    public var description: String { "\(endpoint)/\(bucket)/\(prefix)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that has no secret.
    public var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint, "bucket": bucket]) }
}
