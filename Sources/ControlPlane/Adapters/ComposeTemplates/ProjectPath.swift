import ProjectModel

/// Paths of a template's own files.
enum ProjectPath {
    /// Whether `path` is relative and, taken apart at `/`, never leaves the folder that it starts in. Symbolic links
    /// are checked when the file is opened.
    static func isInside(_ path: String) -> Bool {
        guard let first = path.unicodeScalars.first, first != "/", first != "~", !path.holds("\\"), !path.holds("\0")
        else { return false }
        return !path.pieces(at: "/").contains("..")
    }

    /// `path` without doubled slashes, `.` parts and resolvable `..` parts, as Go's `path.Clean` gives it.
    static func cleaned(_ path: String) -> String {
        let isAbsolute = path.unicodeScalars.first == "/"
        var parts: [String] = []
        for part in path.pieces(at: "/") where !part.isEmpty && part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        if isAbsolute { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }
}
