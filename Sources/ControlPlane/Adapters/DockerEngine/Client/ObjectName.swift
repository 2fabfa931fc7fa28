/// Checks what becomes part of a path, so that no name can lead to another resource.
enum ObjectName {
    /// The longest name or identifier that is sent.
    static let longestBytes = 255

    /// A path segment for a container, network, volume or exec: the engine's own rule for names and identifiers.
    static func segment(_ name: String, of kind: String) throws(DockerError) -> String {
        let isName =
            name.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
            && name.utf8.first.map(isAlphanumeric) ?? false
        guard isName, name.utf8.count <= longestBytes else {
            throw .invalidArgument(
                "\"\(name.prefix(40))\" is no valid \(kind): letters, digits, _, . and - are allowed, "
                    + "the first must be a letter or digit, at most \(longestBytes) of them")
        }
        return name
    }

    /// A path for an image's name, tag, digest or identifier; its slashes stay.
    static func imagePath(_ reference: String) throws(DockerError) -> String {
        let components = reference.split(separator: "/", omittingEmptySubsequences: false)
        let isReference = components.allSatisfy { component in
            component.utf8.allSatisfy { isAlphanumeric($0) || "_.-:@".utf8.contains($0) }
                && component.utf8.first.map(isAlphanumeric) ?? false
        }
        guard isReference, reference.utf8.count <= longestBytes + 128 else {
            throw .invalidArgument("\"\(reference.prefix(40))\" is no valid image reference")
        }
        return EngineCall.percentEncoded(reference, keeping: "/:@")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
