import APIKit
import Accounts
import FoundationEssentials
import Installation
import Logging
import ManagementAPI
import TokenKit

/// The folder with everything that the manager keeps on disk.
struct DataFolder {
    /// Name of the file that holds the access token made at the first start.
    static let tokenFileName = "admin-token"
    /// Its size: the token and a line feed.
    static let tokenFileBytes = 45

    let path: String

    /// Creates the folder, unless it exists. Others may pass through it, since PostgreSQL runs as a user of its own,
    /// but not list it; what is private in it has rights of its own.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        } catch { throw ServeSettings.Problem(description: Self.reason(path)) }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw ServeSettings.Problem(
                description: "this user may not write into the data folder \(path): run as the user who owns it, or "
                    + "name another with SUPAMANAGER_DATA_DIR")
        }
    }

    /// Why the folder could not be made, and what to do.
    private static func reason(_ path: String) -> String {
        let place = existingPart(of: path)
        var isFolder = false
        _ = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
        let cause = isFolder ? "this user may not make it in \(place)" : "\(place) is not a folder"
        return "the data folder \(path) cannot be made: \(cause); make it and give it to the manager's user, or name "
            + "another with SUPAMANAGER_DATA_DIR"
    }

    /// The longest part of a path that exists.
    static func existingPart(of path: String) -> String {
        var part = path
        while part.count > 1, !FileManager.default.fileExists(atPath: part) {
            part = URL(filePath: part).deletingLastPathComponent().path
        }
        return part
    }

    /// Name of the file that holds the installation's identifier, for commands that cannot ask the database.
    private static let installationFileName = "installation"

    /// Notes the installation's identifier; it is no secret.
    func note(installation: String) throws {
        let file = path + "/" + Self.installationFileName
        guard Self.installation(in: path) != installation else { return }
        try Data((installation + "\n").utf8).write(to: URL(filePath: file), options: .atomic)
    }

    /// The identifier that was noted in a data folder; nil when there is none.
    static func installation(in path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path + "/" + installationFileName) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// The access token of an installation that was given none: made once, readable for the owner alone.
    func adminToken(_ logger: Logger) throws -> AccessToken {
        let file = path + "/" + Self.tokenFileName
        if FileManager.default.fileExists(atPath: file) {
            let bytes = try KeyFile.read(file, byteCount: Self.tokenFileBytes).reveal()
            return try AccessToken(String(decoding: bytes.dropLast(), as: UTF8.self))
        }
        let text = "sbp_" + Hex.encode(try RandomSource.bytes(20))
        try KeyFile.create(file, holding: KeyBytes(Array((text + "\n").utf8)))
        logger.notice("an access token with all rights was made", metadata: ["file": "\(file)"])
        return try AccessToken(text)
    }
}
