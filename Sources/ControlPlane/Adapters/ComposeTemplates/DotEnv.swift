/// Reads `.env` files as Compose does: `NAME=value`, `export NAME=value`, `NAME: value`, a name alone, comments,
/// single quotes (nothing is replaced), double quotes (escapes and variables), values over several lines in quotes.
public enum DotEnv {
    /// Size of a file in bytes.
    public static let maximumBytes = 1 << 20

    /// The variables of `text`.
    ///
    /// `environment` wins over earlier lines of the file when a value uses a variable; a name without a value takes
    /// its value from `environment`, or is left out.
    /// - Throws: `DotEnvError` with the line; never with a value.
    public static func parse(
        _ text: String, fileName: String = ".env", environment: [String: String] = [:]
    ) throws(DotEnvError) -> [String: String] {
        guard text.utf8.count <= maximumBytes else {
            throw DotEnvError(file: fileName, line: 1, reason: "more than \(maximumBytes) bytes")
        }
        var scanner = DotEnvScanner(text: text, file: fileName)
        var values: [String: String] = [:]
        while let statement = try scanner.next() {
            guard let value = statement.value else {
                if let inherited = environment[statement.name] { values[statement.name] = inherited }
                continue
            }
            guard value.isTemplate else {
                values[statement.name] = value.text
                continue
            }
            do {
                let known = values
                values[statement.name] = try Interpolation.substitute(value.text) { environment[$0] ?? known[$0] }.text
            } catch {
                throw DotEnvError(
                    file: fileName, line: statement.line, reason: "\(statement.name): \(error.withoutTemplate)")
            }
        }
        return values
    }
}

/// Why a `.env` file cannot be read.
public struct DotEnvError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name as it was given.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The problem, without any value.
    public let reason: String

    /// `file:line: reason`.
    public var description: String { "\(file):\(line): \(reason)" }
}

extension InterpolationError {
    /// The error without the text it happened in: in a `.env` file that may be a secret.
    fileprivate var withoutTemplate: String {
        if case .invalidTemplate = self {
            "not a valid substitution; put the value in single quotes or write $$ for $"
        } else {
            description
        }
    }
}
