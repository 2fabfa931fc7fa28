/// Quoting for the few statements that take no parameters, such as `ALTER ROLE … PASSWORD` and `CREATE DATABASE`.
///
/// Everything else passes values as ``PostgresParameter``.
public enum PostgresQuoting {
    /// Bytes of an identifier that PostgreSQL keeps; it cuts longer ones off, which could make two names one.
    public static let maximumIdentifierBytes = 63

    /// The identifier in double quotes.
    ///
    /// - Throws: ``PostgresError/invalidConfiguration(reason:)`` for an empty or too long name and for NUL.
    public static func identifier(_ name: String) throws(PostgresError) -> String {
        guard !name.isEmpty, name.utf8.count <= maximumIdentifierBytes, !name.utf8.contains(0) else {
            throw .invalidConfiguration(
                reason: "an SQL identifier has 1 to \(maximumIdentifierBytes) bytes and no NUL character")
        }
        return "\"" + doubling("\"", in: name) + "\""
    }

    /// The text as an SQL literal that does not depend on `standard_conforming_strings`.
    ///
    /// - Throws: ``PostgresError/invalidConfiguration(reason:)`` for text with NUL; the text is not repeated.
    public static func literal(_ text: String) throws(PostgresError) -> String {
        guard !text.utf8.contains(0) else {
            throw .invalidConfiguration(reason: "an SQL literal cannot hold a NUL character")
        }
        let quoted = "'" + doubling("'", in: text) + "'"
        return text.unicodeScalars.contains("\\") ? "E" + doubling("\\", in: quoted) : quoted
    }

    /// The text with each `mark` twice. Works on scalars: a mark followed by a combining character is one `Character`,
    /// and would be missed.
    public static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        // For the most part there is none. In UTF-8 the byte of an ASCII character is never a part of another one.
        if mark.isASCII, !text.utf8.contains(UInt8(mark.value)) { return text }
        var doubled = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == mark { doubled.append(mark) }
            doubled.append(scalar)
        }
        return String(doubled)
    }
}
