import CYAML

/// One event of libyaml's parser in Swift values.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(text: String, style: YAMLScalar.Style)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    var kind: Kind
    var mark: YAMLMark
    /// The name after `&`, on scalars, sequences and mappings.
    var anchor: String?
    /// The resolved tag, on scalars, sequences and mappings.
    var tag: String?
}

extension YAMLMark {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
