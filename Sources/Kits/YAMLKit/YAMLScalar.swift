/// A scalar as it is written: its text, and whether quotes or a tag decide its type.
public struct YAMLScalar: Sendable, Hashable {
    /// How a scalar is written.
    public enum Style: Sendable, Hashable {
        /// Without quotes: the core schema decides the type.
        case plain
        /// `'…'`
        case singleQuoted
        /// `"…"`
        case doubleQuoted
        /// `|`
        case literal
        /// `>`
        case folded
    }

    /// The types of the YAML 1.2 core schema.
    public enum Tag: String, Sendable, Hashable {
        /// `!!str`
        case string = "tag:yaml.org,2002:str"
        /// `!!int`
        case integer = "tag:yaml.org,2002:int"
        /// `!!float`
        case float = "tag:yaml.org,2002:float"
        /// `!!bool`
        case boolean = "tag:yaml.org,2002:bool"
        /// `!!null`
        case null = "tag:yaml.org,2002:null"
    }

    /// The text, quotes and escapes undone.
    public var text: String
    /// The style.
    public var style: Style
    /// The type given by a tag, where there is one.
    public var tag: Tag?

    /// A scalar of `text`, written in `style`.
    public init(_ text: String, style: Style = .plain, tag: Tag? = nil) {
        self.text = text
        self.style = style
        self.tag = tag
    }

    /// The value under the core schema: a plain scalar by its form, everything else a string unless a tag says
    /// otherwise.
    public var value: YAMLScalarValue {
        switch tag {
        case .string: .string(text)
        case .none: style == .plain ? YAMLScalarValue(plain: text) : .string(text)
        case .integer, .float, .boolean, .null: YAMLScalarValue(plain: text)
        }
    }
}
