/// Writes a tree as YAML: block style, two spaces, the same text for equal trees.
public enum YAMLEmitter {
    /// The text of `node`, ending in a line feed. A string that a YAML 1.1 or 1.2 reader could take for another type,
    /// or that has any character with a meaning in YAML, is quoted.
    public static func emit(_ node: YAMLNode) -> String {
        var writer = Writer()
        switch node.content {
        case .scalar(let scalar): writer.text += scalarText(scalar, level: 1) + "\n"
        case .sequence(let elements) where elements.isEmpty: writer.text += "[]\n"
        case .mapping(let mapping) where mapping.isEmpty: writer.text += "{}\n"
        case .sequence(let elements): writer.sequence(elements, level: 0)
        case .mapping(let mapping): writer.mapping(mapping, level: 0)
        }
        return writer.text
    }

    /// The text of a scalar as a value, `level` levels deep: plain, quoted or a literal block.
    static func scalarText(_ scalar: YAMLScalar, level: Int) -> String {
        guard case .string(let text) = scalar.value else { return scalar.canonicalText }
        if YAMLQuoting.fitsLiteral(text) { return literal(text, level: level) }
        return YAMLQuoting.isSafePlain(text) ? text : YAMLQuoting.doubleQuoted(text)
    }

    private static func literal(_ text: String, level: Int) -> String {
        let indent = String(repeating: "  ", count: level)
        let keepsFinalLineFeed = text.hasSuffix("\n")
        let body = keepsFinalLineFeed ? text.dropLast() : text[...]
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : indent + $0 }
        return (keepsFinalLineFeed ? "|" : "|-") + "\n" + lines.joined(separator: "\n")
    }
}

/// Grows the text of one emission.
private struct Writer {
    var text = ""

    mutating func mapping(_ mapping: YAMLMapping, level: Int, startsInLine: Bool = false) {
        for (index, entry) in mapping.entries.enumerated() {
            if index > 0 || !startsInLine { indent(level) }
            text += keyText(entry.keyScalar) + ":"
            value(entry.value, level: level + 1)
        }
    }

    mutating func sequence(_ elements: [YAMLNode], level: Int, startsInLine: Bool = false) {
        for (index, element) in elements.enumerated() {
            if index > 0 || !startsInLine { indent(level) }
            text += "-"
            item(element, level: level + 1)
        }
    }

    /// A mapping's value, after the colon.
    private mutating func value(_ node: YAMLNode, level: Int) {
        switch node.content {
        case .sequence(let elements) where !elements.isEmpty:
            text += "\n"
            sequence(elements, level: level)
        case .mapping(let mapping) where !mapping.isEmpty:
            text += "\n"
            self.mapping(mapping, level: level)
        default: inline(node, level: level)
        }
    }

    /// A sequence's element, after the dash: a collection starts on the same line.
    private mutating func item(_ node: YAMLNode, level: Int) {
        switch node.content {
        case .sequence(let elements) where !elements.isEmpty:
            text += " "
            sequence(elements, level: level, startsInLine: true)
        case .mapping(let mapping) where !mapping.isEmpty:
            text += " "
            self.mapping(mapping, level: level, startsInLine: true)
        default: inline(node, level: level)
        }
    }

    private mutating func inline(_ node: YAMLNode, level: Int) {
        switch node.content {
        case .scalar(let scalar): text += " " + YAMLEmitter.scalarText(scalar, level: level) + "\n"
        case .sequence: text += " []\n"
        case .mapping: text += " {}\n"
        }
    }

    private mutating func indent(_ level: Int) { text += String(repeating: "  ", count: level) }

    private func keyText(_ key: YAMLScalar) -> String {
        guard case .string(let text) = key.value else { return key.canonicalText }
        return YAMLQuoting.isSafePlain(text) ? text : YAMLQuoting.doubleQuoted(text)
    }
}
