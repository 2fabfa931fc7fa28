import FoundationEssentials
public import Orchestrator

/// Reads the text files that a template names, such as those of `env_file`.
public struct TemplateFiles: Sendable {
    /// Size of one file in bytes.
    public static let maximumBytes = 1 << 20

    /// Gives the text of a file, by its path relative to the template's folder, or nil where there is none.
    public let read: @Sendable (_ path: String) throws -> String?

    /// Files read by `read`.
    public init(read: @escaping @Sendable (_ path: String) throws -> String?) { self.read = read }

    /// No files at all.
    public static let none = TemplateFiles { _ in nil }

    /// The files of the folder at `path`, none of which may be a symbolic link or be reached by one.
    public static func folder(_ path: String) -> TemplateFiles {
        TemplateFiles { relative in
            let folder = GuardedFolder(path: path)
            guard let data = try folder.contents(of: relative, atMost: maximumBytes) else { return nil }
            return try UTF8Text.decode(data)
        }
    }

    /// The text of one file that a person names; it may be a link.
    public static func text(ofFile path: String) throws(TemplateError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .broken("there is no readable file \(path)")
        }
        guard data.count <= maximumBytes else { throw .broken("\(path) is larger than \(maximumBytes) bytes") }
        do throws(UTF8Text.Failure) {
            return try UTF8Text.decode(data)
        } catch { throw .broken("\(path):\(error.line): \(UTF8Text.Failure.reason)") }
    }
}
