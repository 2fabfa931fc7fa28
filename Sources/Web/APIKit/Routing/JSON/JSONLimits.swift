/// Bounds of one JSON text. The time and the memory that reading takes follow from them.
package struct JSONLimits: Sendable, Equatable {
    /// Bytes of the whole text.
    package var bytesMax: Int
    /// Values in the text, containers included; names of members are not counted.
    package var elementsMax: Int
    /// Objects and arrays inside each other.
    package var depthMax = 64
    /// Bytes of one string or of one member's name, as they stand in the text.
    package var stringBytesMax: Int
    /// Characters of one number.
    package var numberBytesMax = 512

    /// Request bodies of most routes.
    package static let body = JSONLimits(bytesMax: 64 << 10, elementsMax: 8_192, stringBytesMax: 64 << 10)
    /// Request bodies that hold SQL, snippets or templates of mails. PostgreSQL takes 65,535 parameters.
    package static let largeBody = JSONLimits(bytesMax: 2 << 20, elementsMax: 70_000, stringBytesMax: 2 << 20)
    /// Uploads that come as JSON: one file in a string.
    package static let upload = JSONLimits(bytesMax: 32 << 20, elementsMax: 8_192, stringBytesMax: 32 << 20)
    /// Snippets of the manager's own database, which were read with one of the limits above or older ones.
    package static let stored = JSONLimits(bytesMax: 4 << 20, elementsMax: 600_000, stringBytesMax: 4 << 20)
    /// What the manager's own database and the services of projects answer.
    package static let answer = JSONLimits(bytesMax: 32 << 20, elementsMax: 250_000, stringBytesMax: 32 << 20)
}

/// Why a text is not read.
package enum JSONReadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text is not JSON (RFC 8259): what is wrong, and at which byte.
    case malformed(String, offset: Int)
    /// The text has more bytes than the limit.
    case tooLarge(bytesMax: Int)
    /// The text has more values than the limit.
    case tooManyElements(Int)
    /// Containers are nested deeper than the limit.
    case tooDeep(Int)
    /// A string or a name is longer than the limit.
    case stringTooLong(bytesMax: Int, offset: Int)
    /// A number has more characters than the limit.
    case numberTooLong(bytesMax: Int, offset: Int)
    /// A number is larger than a 64-bit float holds.
    case numberTooLarge(offset: Int)
    /// An object has two members of one name; readers disagree about which of them counts.
    case duplicateName(offset: Int)

    /// What is wrong with the text. Never a part of it: it may hold a secret.
    package var description: String {
        switch self {
        case .malformed(let reason, let offset): "it is not valid JSON: \(reason) at byte \(offset)"
        case .tooLarge(let limit): "it is larger than \(limit) bytes"
        case .tooManyElements(let limit): "its JSON has more than \(limit) values"
        case .tooDeep(let limit): "its JSON is nested deeper than \(limit) levels"
        case .stringTooLong(let limit, let offset):
            "its JSON has a string of more than \(limit) bytes at byte \(offset)"
        case .numberTooLong(let limit, let offset):
            "its JSON has a number of more than \(limit) characters at byte \(offset)"
        case .numberTooLarge(let offset): "its JSON has a number that is too large at byte \(offset)"
        case .duplicateName(let offset): "its JSON has an object with the same name twice at byte \(offset)"
        }
    }
}
