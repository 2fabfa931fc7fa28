/// Paths of a template's own files.
enum ProjectPath {
    /// Whether `path` is relative and, taken apart at `/`, never leaves the folder that it starts in.
    /// Symbolic links are the business of whoever opens the file.
    static func isInside(_ path: String) -> Bool {
        guard let first = path.first, first != "/", first != "~", !path.contains("\\"), !path.contains("\0") else {
            return false
        }
        return !path.split(separator: "/").contains("..")
    }

    /// `path` without doubled slashes, `.` parts and resolvable `..` parts, as Go's `path.Clean` gives it.
    static func cleaned(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
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
