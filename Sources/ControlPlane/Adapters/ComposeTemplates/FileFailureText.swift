import FoundationEssentials

/// What a failed call on files means, without the library's own words.
enum FileFailureText {
    static func of(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        return switch error.code {
        case .fileReadNoPermission, .fileWriteNoPermission: "the manager's user may not do that there"
        case .fileWriteOutOfSpace: "the disk is full"
        case .fileWriteVolumeReadOnly: "the file system is read-only"
        case .fileNoSuchFile, .fileReadNoSuchFile: "it does not exist"
        case .fileWriteFileExists: "something of that name is there already"
        default: "the file system refused it"
        }
    }
}
