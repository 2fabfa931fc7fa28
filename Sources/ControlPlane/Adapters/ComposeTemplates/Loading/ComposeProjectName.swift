import YAMLKit

enum ComposeProjectName {
    /// The variable that holds it during interpolation.
    static let variable = "COMPOSE_PROJECT_NAME"

    /// The name given by the caller, or else by the file; a problem where there is none or it has a wrong form.
    static func resolve(_ root: YAMLNode, options: ComposeLoader.Options, log: ProblemLog) -> String? {
        var name = options.projectName ?? ""
        var mark = YAMLMark(line: 1, column: 1)
        if options.projectName == nil, let node = root["name"] {
            mark = node.mark
            let interpolation = TreeInterpolation(log: log) { options.environment[$0] }
            let cursor = NodeCursor(node: interpolation.apply(to: node, path: "name"), path: "name", log: log)
            guard let text = cursor.string() else { return nil }
            name = text
        }
        if name.isEmpty, options.projectName == nil { name = options.fallbackName ?? "" }
        guard !name.isEmpty else {
            log.add(.invalid, at: mark, path: "name", "project name must not be empty")
            return nil
        }
        guard isValid(name) else {
            let rule = "must consist only of lowercase alphanumeric characters, hyphens, and underscores"
            log.add(
                .invalid, at: mark, path: "name",
                "invalid project name \"\(name)\": \(rule) as well as start with a letter or number")
            return nil
        }
        return name
    }

    /// The name that Compose gives a project by its folder: small letters, digits, `-` and `_`, the first a letter or
    /// a digit. Nil where nothing is left.
    static func normalized(_ folder: String) -> String? {
        let kept = folder.lowercased().utf8.filter { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
        let name = String(decoding: kept.drop { !isAlphanumeric($0) }, as: UTF8.self)
        return name.isEmpty ? nil : name
    }

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first) else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
