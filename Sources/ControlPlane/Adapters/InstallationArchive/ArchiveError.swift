public import FileKit

/// Why a backup cannot be written or read.
public enum ArchiveError: Error, Sendable, Equatable {
    /// The file is no backup.
    case notABackup
    /// It is one of a later program.
    case unknownFormat
    /// It was cut short or changed: what shows it.
    case damaged(String)
    /// It is encrypted, and no passphrase was given.
    case passphraseMissing
    /// The passphrase is another, or the file was changed.
    case notAuthentic
    /// A file of this size is not taken into a backup.
    case fileTooLarge(name: String)
    /// The library of passwords or ciphers failed.
    case library(String)
    /// The file system.
    case file(FileError)
}

extension ArchiveError: CustomStringConvertible {
    /// The message: what is wrong and what to do.
    public var description: String {
        switch self {
        case .notABackup: "the file is no backup of a manager"
        case .unknownFormat: "the backup has a format that this version does not know: use the version that made it"
        case .damaged(let reason): "the backup is damaged: \(reason); use another one"
        case .passphraseMissing: "the backup is encrypted: name the file of its passphrase with --passphrase-file"
        case .notAuthentic: "the passphrase is another than that of the backup, or the backup is damaged"
        case .fileTooLarge(let name): "\(name) is too large for a backup"
        case .library(let reason): reason
        case .file(let error): "the file cannot be used: \(error)"
        }
    }
}
