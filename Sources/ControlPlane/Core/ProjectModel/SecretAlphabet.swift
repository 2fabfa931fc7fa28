/// The characters that a generated secret consists of.
public enum SecretAlphabet: String, Sendable, Hashable, CaseIterable {
    /// Letters and digits: safe in URLs, shells and configuration files.
    case alphanumeric
    /// Lower-case hexadecimal digits, two a byte.
    case hex
    /// The base64 alphabet, `+` and `/` included; the text decodes to whole bytes without padding.
    case base64
    /// The base64 alphabet with `-` and `_`, likewise.
    case base64url
}
