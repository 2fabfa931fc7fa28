public import ProjectModel
import TokenKit

/// How a secret of a project is made: its name, what it consists of and how long it is.
public struct SecretSpecification: Sendable, Hashable {
    /// Shortest secret that is made.
    public static let minimumLength = 8

    /// The name under which it is sealed, usually that of its variable.
    public let name: String

    /// The characters that it consists of.
    public let alphabet: SecretAlphabet

    /// Number of characters.
    public let length: Int

    /// Whether the first character is a letter, as some gateways demand of passwords: they read one that looks like a
    /// number as a number.
    public let startsWithLetter: Bool

    /// Describes a secret.
    public init(name: String, alphabet: SecretAlphabet, length: Int, startsWithLetter: Bool = false) {
        self.name = name
        self.alphabet = alphabet
        self.length = length
        self.startsWithLetter = startsWithLetter
    }

    /// A password of letters and digits that begins with a letter.
    public static func password(name: String, length: Int) -> SecretSpecification {
        SecretSpecification(name: name, alphabet: .alphanumeric, length: length, startsWithLetter: true)
    }

    /// Makes a secret from libcrypto's generator.
    ///
    /// - Throws: ``ProjectKeyError/invalidSpecification(name:reason:)`` for a length that is too short, or at which the
    ///   text would not decode to whole bytes.
    public func generate() throws(ProjectKeyError) -> Secret<String> {
        guard length >= Self.minimumLength else {
            throw .invalidSpecification(name: name, reason: "it has fewer than \(Self.minimumLength) characters")
        }
        guard length % alphabet.charactersPerGroup == 0 else {
            throw .invalidSpecification(
                name: name, reason: "its length is not a multiple of \(alphabet.charactersPerGroup)")
        }
        do throws(TokenError) {
            let head = startsWithLetter ? try RandomSource.string(length: 1, alphabet: alphabet.letters) : ""
            return Secret(head + (try RandomSource.string(length: length - head.count, alphabet: alphabet.characters)))
        } catch {
            throw .crypto(error)
        }
    }
}

extension SecretAlphabet {
    /// Drawing characters of a power of two at random is the same as encoding random bytes.
    fileprivate var characters: RandomAlphabet {
        switch self {
        case .alphanumeric: .alphanumeric
        case .hex: .hex
        case .base64: .base64
        case .base64url: .base64url
        }
    }

    fileprivate var letters: RandomAlphabet { self == .hex ? .hexLetters : .letters }

    /// Characters that stand for a whole number of bytes.
    fileprivate var charactersPerGroup: Int {
        switch self {
        case .alphanumeric: 1
        case .hex: 2
        case .base64, .base64url: 4
        }
    }
}
