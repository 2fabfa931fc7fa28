/// Reads the text files that a template names, such as those of `env_file`.
public struct TemplateFiles: Sendable {
    /// Gives the text of a file, by its path relative to the template's folder, or nil where there is none.
    public let read: @Sendable (_ path: String) throws -> String?

    /// Files read by `read`.
    public init(read: @escaping @Sendable (_ path: String) throws -> String?) { self.read = read }

    /// No files at all.
    public static let none = TemplateFiles { _ in nil }
}
