/// Splits a command given as text into its arguments.
enum ShellWords {
    /// Why a text cannot be split.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The words of `text`: quotes and backslashes as in a shell, no variables, no patterns.
    /// An operator outside quotes is an error, since no shell is there to carry it out.
    static func split(_ text: String) throws(Failure) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                if quote == "\"", !"\"\\$`".contains(character) { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let finished = word { words.append(finished) }
                word = nil
            } else if ";&|<>()`".contains(character) {
                let advice = "quote \"\(character)\", or write [sh, -c, \"…\"]"
                throw Failure(description: "no shell runs this text: \(advice)")
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else { throw Failure(description: "a quote or a backslash is left open") }
        return word.map { words + [$0] } ?? words
    }
}
