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

    /// The text with `replacement` in place of each occurrence of `text`, compared scalar by scalar.
    public func replacingScalars(of text: String, with replacement: String) -> String {
        let wanted = Array(text.unicodeScalars)
        guard let first = wanted.first else { return self }
        let all = Array(unicodeScalars)
        var result = String.UnicodeScalarView()
        var index = 0
        while index < all.count {
            if all[index] == first, all[index...].starts(with: wanted) {
                result.append(contentsOf: replacement.unicodeScalars)
                index += wanted.count
            } else {
                result.append(all[index])
                index += 1
            }
        }
        return String(result)
    }
}
