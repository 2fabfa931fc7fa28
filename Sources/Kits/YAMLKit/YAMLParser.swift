/// Reads one YAML document into a tree.
public enum YAMLParser {
    /// Parses `text`.
    ///
    /// Aliases are followed, merge keys (`<<`) are applied, duplicate keys, complex keys, tags outside the core schema
    /// and a second document are errors.
    /// - Returns: the document's root; nil when the text holds only white space and comments.
    /// - Throws: `YAMLError` with the place of the mistake.
    public static func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode? {
        let bytes = Array(text.utf8)
        guard bytes.count <= limits.textBytes else {
            let reason = "the text has \(bytes.count) bytes, more than the allowed \(limits.textBytes)"
            throw YAMLError(.limit, at: YAMLMark(line: 1, column: 1), reason)
        }
        // libyaml keeps the pointer: the whole parse happens inside this scope.
        return try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) -> YAMLNode? in
            var composer = YAMLComposer(source: try YAMLEventSource(buffer), limits: limits)
            return try composer.document()
        }
    }
}
