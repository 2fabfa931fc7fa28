import ComposeTemplates
import FoundationEssentials
import Glibc
import ManagementClient
import Orchestrator
import ProjectModel

/// The folder that a project is exported to.
struct ExportFolder {
    /// An error while writing an export.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// Writes everything and returns the paths: secrets first, into a file with mode 600.
    func write(_ export: ProjectExport) throws(Failure) -> [String] {
        try prepare()
        let environment: String
        do throws(EnvironmentFile.Failure) {
            environment = try EnvironmentFile.text(export.environment)
        } catch { throw Failure(description: "\(error)") }
        try create(StackExport.environmentName, Array(environment.utf8), mode: 0o600)
        try create(StackExport.composeName, Array(export.compose.utf8), mode: 0o644)
        var written = [StackExport.composeName, StackExport.environmentName]
        for file in export.files {
            guard let bytes = file.bytes, Self.isInside(file.path) else {
                throw Failure(description: "the manager's answer has a file that cannot be written: \(file.path)")
            }
            // A config may be made of secrets; containers read it as another user, so the folder above keeps others
            // out.
            try create(file.path, bytes, mode: 0o644)
            written.append(file.path)
        }
        return written
    }

    private func prepare() throws(Failure) {
        let files = FileManager.default
        do {
            if files.fileExists(atPath: path) {
                guard try files.contentsOfDirectory(atPath: path).isEmpty else {
                    throw Failure(description: "\(path) is not empty: name a new folder")
                }
            }
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch let error as Failure {
            throw error
        } catch { throw Failure(description: "the folder \(path) cannot be made or read") }
    }

    private func create(_ relative: String, _ bytes: [UInt8], mode: mode_t) throws(Failure) {
        let place = path + "/" + relative
        do {
            try FileManager.default.createDirectory(
                atPath: URL(filePath: place).deletingLastPathComponent().path, withIntermediateDirectories: true)
        } catch { throw Failure(description: "the folder of \(place) cannot be made") }
        // SAFETY: the path is used during the call only.
        let descriptor = unsafe open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Failure(description: "\(place) cannot be written") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(1 << 20))
            // SAFETY: the array is used during the call only, with its own count.
            let count = unsafe Glibc.write(descriptor, chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(description: "\(place) cannot be written whole") }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether a path of the answer stays in the folder.
    private static func isInside(_ path: String) -> Bool {
        !path.holds("\0") && !path.pieces(at: "/").contains { $0 == ".." || $0.isEmpty }
    }
}
