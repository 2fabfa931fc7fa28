import ProjectModel

/// Paths of a function's files.
public enum FunctionPath {
    /// Longest path in bytes of UTF-8.
    public static let bytesMax = 512
    /// Longest part of a path between two slashes; the limit of file systems.
    public static let partBytesMax = 255

    /// Name of the file, beside those of the function, by which the manager knows its own copies.
    public static let markerName = ".supamanager.json"

    /// The path in the one form in which it is stored: relative, and without `.` parts.
    ///
    /// - Throws: ``FunctionError/invalid(_:)`` for a path that is absolute, leaves its folder, is too long, or holds
    ///   what no path of source code needs: empty parts, backslashes, control characters.
    public static func cleaned(_ text: String) throws(FunctionError) -> String {
        let path = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
        guard !path.isEmpty, path.utf8.count <= bytesMax else {
            throw .invalid("the path of a file has 1 to \(bytesMax) bytes")
        }
        let isPlain = path.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "\\" }
        let parts = path.pieces(at: "/")
        guard isPlain, parts.allSatisfy({ isName($0) }) else {
            throw .invalid(
                "the path \(quoted(path)) is not one: it must be relative, with no empty part, . or .., no backslash"
                    + " and no control character")
        }
        guard path != markerName else { throw .invalid("a function has no file of its own named \(markerName)") }
        return path
    }

    private static func isName(_ part: String) -> Bool {
        !part.isEmpty && part != "." && part != ".." && part.utf8.count <= partBytesMax
    }

    /// A path for an error message: short, and on one line.
    static func quoted(_ path: String) -> String {
        "\"" + path.unicodeScalars.prefix(80).map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined()
            + "\""
    }

    /// A file that is also the folder of another one, among paths that are in order.
    static func conflict(_ paths: [String]) -> String? {
        let all = Set(paths)
        return paths.first { path in
            let parts = path.pieces(at: "/")
            return (1..<max(1, parts.count)).contains { all.contains(parts.prefix($0).joined(separator: "/")) }
        }
    }
}
