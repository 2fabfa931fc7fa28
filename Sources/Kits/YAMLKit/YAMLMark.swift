/// A place in a YAML text: line and column, both counted from 1; columns count characters, not bytes.
public struct YAMLMark: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The line, from 1; 0 only in `generated`.
    public let line: Int
    /// The column, from 1; 0 only in `generated`.
    public let column: Int

    /// A place at `line` and `column`, both from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The mark of a node that was built by a program and stands in no text.
    public static let generated = YAMLMark(line: 0, column: 0)

    /// Earlier in the text is smaller.
    public static func < (left: YAMLMark, right: YAMLMark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    /// `line:column`.
    public var description: String { "\(line):\(column)" }
}
