/// One node of a YAML tree and the place where it stands.
///
/// Two nodes are equal when they hold the same values in the same order; where they stand and how they are quoted
/// does not matter, so that a moved or re-formatted text makes an equal tree.
public struct YAMLNode: Sendable, Hashable {
    /// The content of a node.
    public enum Content: Sendable {
        /// A text, a number, a boolean or null.
        case scalar(YAMLScalar)
        /// A list.
        case sequence([YAMLNode])
        /// Keys and values, in the order of the text.
        case mapping(YAMLMapping)
    }

    /// The content.
    public var content: Content
    /// Where the node starts; for what an alias stands for, the place of the anchored node.
    public var mark: YAMLMark

    /// A node of `content`, standing at `mark`.
    public init(_ content: Content, mark: YAMLMark = .generated) {
        self.content = content
        self.mark = mark
    }

    /// The scalar, where the node is one.
    public var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The elements, where the node is a sequence.
    public var sequence: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The mapping, where the node is one.
    public var mapping: YAMLMapping? {
        if case .mapping(let mapping) = content { mapping } else { nil }
    }

    /// The value of `key`, where the node is a mapping that has it.
    public subscript(key: String) -> YAMLNode? { mapping?[key] }

    /// Whether the node is a null scalar.
    public var isNull: Bool { scalar?.value == .null }

    /// The name of the node's type, for messages.
    public var typeName: String {
        switch content {
        case .scalar(let scalar): scalar.value.typeName
        case .sequence: "list"
        case .mapping: "mapping"
        }
    }

    /// Equal values in equal order.
    public static func == (left: YAMLNode, right: YAMLNode) -> Bool {
        switch (left.content, right.content) {
        case (.scalar(let one), .scalar(let other)): one.value == other.value
        case (.sequence(let one), .sequence(let other)): one == other
        case (.mapping(let one), .mapping(let other)): one == other
        default: false
        }
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        switch content {
        case .scalar(let scalar): hasher.combine(scalar.value)
        case .sequence(let elements): hasher.combine(elements)
        case .mapping(let mapping): hasher.combine(mapping)
        }
    }
}

extension YAMLNode {
    /// A null.
    public static let null = YAMLNode(.scalar(YAMLScalar("null")))

    /// A string, in any form.
    public static func string(_ text: String) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text, style: .doubleQuoted)))
    }

    /// A whole number.
    public static func integer(_ number: Int) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(String(number)))) }

    /// A number; one without a fraction is written without a point.
    public static func number(_ number: Double) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(Int(exactly: number).map(String.init) ?? String(number))))
    }

    /// A boolean.
    public static func boolean(_ value: Bool) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(value ? "true" : "false"))) }

    /// A list.
    public static func list(_ elements: [YAMLNode]) -> YAMLNode { YAMLNode(.sequence(elements)) }

    /// A mapping with `pairs` in that order.
    public static func map(_ pairs: [(key: String, value: YAMLNode)]) -> YAMLNode {
        YAMLNode(.mapping(YAMLMapping(pairs)))
    }
}
