/// Writes a tree as JSON.
public enum JSONEmitter {
    /// How the text is laid out.
    public enum Layout: Sendable, Hashable {
        /// Two spaces of indentation, keys in the tree's order.
        case indented
        /// No white space, keys in the order of their bytes: the same bytes for equal content, fit to be hashed.
        case canonical
    }

    /// The text of `node` in `layout`, without a line feed at its end. What JSON has no number for (`.nan`, `.inf`) is
    /// a string.
    public static func emit(_ node: YAMLNode, layout: Layout = .indented) -> String {
        var text = ""
        write(node, layout: layout, level: 0, to: &text)
        return text
    }

    private static func write(_ node: YAMLNode, layout: Layout, level: Int, to text: inout String) {
        switch node.content {
        case .scalar(let scalar): text += scalarText(scalar)
        case .sequence(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                breakLine(layout, level + 1, to: &text)
                write(element, layout: layout, level: level + 1, to: &text)
            }
            if !elements.isEmpty { breakLine(layout, level, to: &text) }
            text += "]"
        case .mapping(let mapping):
            text += "{"
            for (index, entry) in ordered(mapping, layout).enumerated() {
                if index > 0 { text += "," }
                breakLine(layout, level + 1, to: &text)
                text += quoted(entry.key) + (layout == .indented ? ": " : ":")
                write(entry.value, layout: layout, level: level + 1, to: &text)
            }
            if !mapping.isEmpty { breakLine(layout, level, to: &text) }
            text += "}"
        }
    }

    private static func ordered(_ mapping: YAMLMapping, _ layout: Layout) -> [YAMLMapping.Entry] {
        guard layout == .canonical else { return mapping.entries }
        return mapping.entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    private static func breakLine(_ layout: Layout, _ level: Int, to text: inout String) {
        guard layout == .indented else { return }
        text += "\n" + String(repeating: "  ", count: level)
    }

    private static func scalarText(_ scalar: YAMLScalar) -> String {
        switch scalar.value {
        case .string(let text): quoted(text)
        case .float(let number) where !number.isFinite: quoted(scalar.canonicalText)
        case .null, .boolean, .integer, .float: scalar.canonicalText
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                // Beyond what JSON demands: readers take some of these for line breaks or refuse them.
                result += "\\u" + YAMLQuoting.hexadecimal(scalar.value, digits: 4)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
