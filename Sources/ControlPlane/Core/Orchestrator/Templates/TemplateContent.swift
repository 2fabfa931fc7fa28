public import ProjectModel

/// One immutable content of a stack's template: the Compose file and every file that it names, whole.
public struct TemplateContent: Sendable, Equatable {
    /// Most files that a template may have.
    public static let filesMax = 1_000
    /// Most bytes that the files of a template may have together: all of them are kept in the database.
    public static let bytesMax = 16 << 20

    /// SHA-256 over names and contents.
    public let digest: TemplateDigest
    /// Contents by path, relative to the template's folder.
    public let files: [String: [UInt8]]

    /// A content under its digest.
    public init(digest: TemplateDigest, files: [String: [UInt8]]) {
        self.digest = digest
        self.files = files
    }
}

/// Makes renderers of template contents.
public protocol TemplateReader: Sendable {
    /// Reads and checks a content, which may have been stored by an earlier release.
    func renderer(of content: TemplateContent) throws(TemplateError) -> any StackRenderer
}

/// Where template versions are kept while a project uses them.
public protocol TemplateVersionStore: Sendable {
    /// Stores a content under its digest; an existing one is kept.
    func save(_ content: TemplateContent) async throws(StoreError)
    /// The content with this digest.
    func content(of digest: TemplateDigest) async throws(StoreError) -> TemplateContent?
    /// Removes the contents that no project that is not deleted uses, but for `installed`. Gives what was removed.
    func removeUnused(keeping installed: Set<TemplateDigest>) async throws(StoreError) -> Set<TemplateDigest>
}
