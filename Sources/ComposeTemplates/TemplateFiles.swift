import FoundationEssentials

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

    /// The files of the folder at `path`.
    public static func folder(_ path: String) -> TemplateFiles {
        TemplateFiles { relative in
            guard let data = FileManager.default.contents(atPath: path + "/" + relative) else { return nil }
            guard data.count <= maximumBytes else { throw TooLarge() }
            return String(decoding: data, as: UTF8.self)
        }
    }

    private struct TooLarge: Error, CustomStringConvertible {
        var description: String { "it has more than \(TemplateFiles.maximumBytes) bytes" }
    }
}
