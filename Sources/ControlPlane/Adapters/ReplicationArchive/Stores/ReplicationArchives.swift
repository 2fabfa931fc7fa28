public import BackupModel
public import CurlKit

/// Opens archives in folders and buckets.
public struct ReplicationArchives: BackupArchives {
    private let client: HTTPClient
    private let limits: ArchiveLimits

    /// - Parameter client: the client of buckets; it sends parts of 8 MiB.
    public init(client: HTTPClient, limits: ArchiveLimits = ArchiveLimits()) {
        self.client = client
        self.limits = limits
    }

    public func archive(in store: BackupStoreSettings) throws(BackupError) -> any BackupArchive {
        switch store {
        case .folder(let path):
            guard path.hasPrefix("/"), path.utf8.count > 1 else {
                throw .invalid("the folder of a backup store is an absolute path, and not /")
            }
            return ReplicationArchive(store: FolderStore(path: path), limits: limits)
        case .s3(let settings):
            return ReplicationArchive(store: try S3Store(settings, client: client), limits: limits)
        }
    }
}
