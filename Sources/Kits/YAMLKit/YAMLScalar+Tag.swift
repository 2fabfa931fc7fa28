extension YAMLScalar {
    /// A scalar with the tag that the text gives it, refused when the tag is not of the core schema or does not fit.
    init(_ text: String, style: Style, tag: String?, at mark: YAMLMark) throws(YAMLError) {
        guard let tag else {
            self.init(text, style: style)
            return
        }
        guard tag != "!" else {
            self.init(text, style: style, tag: .string)
            return
        }
        guard let core = Tag(rawValue: tag) else {
            throw YAMLError(.tag, at: mark, "the tag \(Self.display(tag)) is not supported")
        }
        self.init(text, style: style, tag: core)
        guard fits(core) else {
            throw YAMLError(.tag, at: mark, "\"\(text.prefix(40))\" is not a value of \(Self.display(tag))")
        }
    }

    private func fits(_ tag: Tag) -> Bool {
        switch (tag, value) {
        case (.string, _), (.integer, .integer), (.float, .float), (.float, .integer): true
        case (.boolean, .boolean), (.null, .null): true
        default: false
        }
    }

    /// A tag as people write it: `!!set` for `tag:yaml.org,2002:set`.
    static func display(_ tag: String) -> String {
        let prefix = "tag:yaml.org,2002:"
        return tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    }
}
