import YAMLKit

extension NodeCursor {
    /// A list of strings.
    func strings() -> [String] { elements().compactMap { $0.string() } }

    /// A list of strings or numbers, as texts.
    func texts() -> [String] { elements().compactMap { $0.text() } }

    /// One string, or a list of them.
    func stringOrStrings() -> [String] {
        guard node.scalar != nil, !node.isNull else { return strings() }
        return string().map { [$0] } ?? []
    }

    /// A command: a list of arguments, or a text that is split as a shell would split it, without being run by one.
    func command() -> [String]? {
        guard node.scalar != nil else { return texts() }
        if node.isNull { return nil }
        guard let text = string() else { return nil }
        do {
            return try ShellWords.split(text)
        } catch {
            fail(error.description)
            return nil
        }
    }

    /// A mapping of names to texts, or a list of `NAME=text`; `null` and a name alone give `nullText`.
    func textMap(nullText: String = "") -> [String: String] {
        optionalTextMap().mapValues { $0 ?? nullText }
    }

    /// The same, with nil for `null` and for a name alone.
    func optionalTextMap() -> [String: String?] {
        var result: [String: String?] = [:]
        if node.sequence != nil {
            for element in elements() {
                guard let text = element.text() else { continue }
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = String(parts[0])
                guard !name.isEmpty else {
                    element.fail("must be NAME=value or NAME, not \(element.shown)")
                    continue
                }
                guard result[name] == nil else {
                    element.fail("\(name) is there twice")
                    continue
                }
                result.updateValue(parts.count == 2 ? String(parts[1]) : nil, forKey: name)
            }
            return result
        }
        for (key, value) in entries() {
            if value.node.isNull {
                result.updateValue(nil, forKey: key)
            } else if let text = value.text() {
                result.updateValue(text, forKey: key)
            }
        }
        return result
    }
}
