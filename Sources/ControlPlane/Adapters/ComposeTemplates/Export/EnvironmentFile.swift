public import ProjectModel

/// Writes `.env` files that every Compose implementation reads as they were meant.
public enum EnvironmentFile {
    /// A value that no quoting carries through every reader.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The variable.
        public let name: String

        /// The problem; never the value.
        public var description: String {
            "\(name) has both a single quote and a line break or another control character, which no .env file can hold"
        }
    }

    /// A line for each variable, sorted by name.
    public static func text(_ variables: [String: Secret<String>]) throws(Failure) -> String {
        var text = ""
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            text += "\(name)=\(try quoted(value.reveal(), of: name))\n"
        }
        return text
    }

    /// Unquoted where no character has a meaning, in single quotes where they can hold it, else in double quotes.
    private static func quoted(_ value: String, of name: String) throws(Failure) -> String {
        if value.utf8.allSatisfy(isPlain) { return value }
        let hasControl = value.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" }
        if !value.holds("'"), !value.holds("\\"), !hasControl { return "'\(value)'" }
        guard !hasControl, !value.holds("\n") else { throw Failure(name: name) }
        return "\"\(value.replacingScalars(["\\": "\\\\", "\"": "\\\"", "$": "\\$"]))\""
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "_-./:@%+=,".utf8.contains(byte)
    }
}
