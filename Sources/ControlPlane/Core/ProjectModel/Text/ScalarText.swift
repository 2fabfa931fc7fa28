/// Marks of syntax in texts from outside. `split`, `contains` and `replacing` compare characters, and a mark next to a
/// combining or prepending scalar is another character to them, while a reader of the bytes sees the mark. Where a text
/// becomes a path, a quoted word or a file of another program, marks are searched with these.
extension String {
    /// Whether the scalar occurs, also next to a combining scalar.
    public func holds(_ mark: Unicode.Scalar) -> Bool { unicodeScalars.contains(mark) }

    /// The pieces between the marks, empty ones included.
    public func pieces(at mark: Unicode.Scalar) -> [String] {
        unicodeScalars.split(separator: mark, omittingEmptySubsequences: false).map {
            String(String.UnicodeScalarView($0))
        }
    }

    /// The text with other texts in place of some scalars.
    public func replacingScalars(_ replacements: [Unicode.Scalar: String]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if let replacement = replacements[scalar] {
                result.append(contentsOf: replacement.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
