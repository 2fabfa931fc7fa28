/// The value of a header field with parameters, such as `form-data; name="a"`.
package struct HeaderValue {
    /// The text before the first semicolon.
    package let value: String
    /// The parameters by name in lower case.
    package let parameters: [String: String]

    package init(_ text: String) throws(MultipartError) {
        var rest = Substring(text)
        value = Self.trimmed(String(rest.prefix { $0 != ";" }))
        rest = rest.drop { $0 != ";" }
        var parameters: [String: String] = [:]
        while !rest.isEmpty {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { throw .badHeader(part: 0) }
            rest = rest.dropFirst()
            let known = Self.trimmed(name.lowercased())
            guard let value = Self.takeValue(&rest), parameters[known] == nil else { throw .badHeader(part: 0) }
            parameters[known] = value
        }
        self.parameters = parameters
    }

    package static func trimmed(_ text: String) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        return String(String(text.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }

    /// Takes a quoted string or a token and goes to the next semicolon; nil when a quote is not closed, or followed by
    /// something else.
    private static func takeValue(_ rest: inout Substring) -> String? {
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(token.count)
            return trimmed(String(token))
        }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst() {
            if character == "\"" {
                rest = rest.drop { $0 == " " || $0 == "\t" }
                return rest.isEmpty || rest.first == ";" ? value : nil
            }
            // Only these are escaped; some clients send the backslashes of a path unescaped.
            if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                value.append(next)
                rest = rest.dropFirst()
            } else {
                value.append(character)
            }
        }
        return nil
    }
}
