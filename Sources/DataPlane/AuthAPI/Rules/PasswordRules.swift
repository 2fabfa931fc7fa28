import PasswordKit

/// What a password must be.
struct PasswordRules: Sendable {
    /// Shortest password, whatever is configured.
    static let lengthMin = 6

    let lengthMin: Int
    let characterSets: [String]

    init(_ configuration: AuthConfiguration) {
        lengthMin = max(Self.lengthMin, configuration.passwordLengthMin)
        characterSets = configuration.passwordCharacterSets
    }

    /// - Throws: `validation_failed` for one that is too long, `weak_password` with all reasons.
    func check(_ password: String) throws(AuthError) {
        guard password.utf8.count <= PasswordVerifier.passwordBytesMax else {
            throw .validation("Password cannot be longer than \(PasswordVerifier.passwordBytesMax) characters")
        }
        var weaknesses: [AuthError.Weakness] = []
        var sentences: [String] = []
        if password.unicodeScalars.count < lengthMin {
            weaknesses.append(.length)
            sentences.append("Password should be at least \(lengthMin) characters.")
        }
        if !characterSets.allSatisfy({ set in password.contains { set.contains($0) } }) {
            weaknesses.append(.characters)
            sentences.append(
                "Password should contain at least one character of each: \(characterSets.joined(separator: ", ")).")
        }
        guard !weaknesses.isEmpty else { return }
        var error = AuthError(422, code: "weak_password", message: sentences.joined(separator: " "))
        error.weaknesses = weaknesses
        throw error
    }

    /// Takes `GOTRUE_PASSWORD_REQUIRED_CHARACTERS` apart: sets separated by `:`, and `\:` is a colon.
    static func characterSets(_ text: String) -> [String] {
        var sets = [""]
        var isEscaped = false
        for character in text {
            switch character {
            case ":" where !isEscaped: sets.append("")
            case "\\" where !isEscaped:
                isEscaped = true
                continue
            default:
                if isEscaped, character != ":" { sets[sets.count - 1].append("\\") }
                sets[sets.count - 1].append(character)
            }
            isEscaped = false
        }
        if isEscaped { sets[sets.count - 1].append("\\") }
        return sets.filter { !$0.isEmpty }
    }
}

extension AuthConfiguration {
    /// Takes `GOTRUE_PASSWORD_REQUIRED_CHARACTERS`.
    public mutating func requirePasswordCharacters(_ text: String) {
        passwordCharacterSets = PasswordRules.characterSets(text)
    }
}
