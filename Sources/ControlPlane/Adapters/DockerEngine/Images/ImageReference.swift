/// The name of an image: `repository[:tag][@digest]`.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// Registry and path, for instance `docker.io/supabase/postgres`, as it was written.
    public let repository: String
    /// What follows the colon, if anything.
    public let tag: String?
    /// What follows the `@`, for instance `sha256:…`, if anything.
    public let digest: String?

    /// Takes a reference apart.
    ///
    /// - Throws: `invalidArgument` when a part is empty or has characters that no reference has.
    public init(_ text: String) throws(DockerError) {
        _ = try ObjectName.imagePath(text)
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves[0]
        digest = halves.count == 2 ? String(halves[1]) : nil
        // A colon before the last slash belongs to a registry's port.
        let lastComponent = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[lastComponent...].firstIndex(of: ":") {
            repository = String(name[..<colon])
            tag = String(name[name.index(after: colon)...])
        } else {
            repository = String(name)
            tag = nil
        }
        guard !repository.isEmpty, tag != "", digest.map({ $0.contains(":") && !$0.contains("@") }) ?? true,
            tag.map({ !$0.contains(":") }) ?? true
        else {
            throw .invalidArgument("\"\(text.prefix(80))\" is no valid image reference")
        }
    }

    /// As it was written.
    public var description: String {
        repository + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}
