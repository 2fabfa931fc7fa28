import APIKit

/// How hard a password is to guess, as Studio's password field shows it. A rough measure for display; the policy is
/// elsewhere.
struct PasswordStrength: Sendable, Equatable {
    /// 0 (worst) to 4.
    let score: Int
    /// The problem; empty for none.
    let warning: String
    /// Advice.
    let suggestions: [String]

    /// Longest password that is measured, in bytes.
    static let lengthMax = 256
    /// Bits of guessing work from which each score above 0 begins.
    private static let bits: [Double] = [35, 45, 60, 75]

    /// Measures a password.
    init(of password: String) {
        let characters = Array(password)
        let distinct = Set(characters).count
        let steps = zip(characters, characters.dropFirst()).filter { Self.isStep($0, $1) }.count
        // Repeated and counted-up characters add hardly any work.
        let length = Double(min(characters.count - steps, distinct * 2))
        let work = length * Self.bitsPerCharacter(characters)
        score = Self.bits.count { work >= $0 }
        var suggestions: [String] = []
        if characters.count < 16 { suggestions.append("Use more characters.") }
        if steps * 3 > characters.count { suggestions.append("Avoid repeated characters and sequences.") }
        self.suggestions = score == Self.bits.count ? [] : suggestions
        warning = score < 2 ? "This password is easy to guess." : ""
    }

    /// Whether a character continues a sequence: the same, the next or the previous.
    private static func isStep(_ left: Character, _ right: Character) -> Bool {
        guard let left = left.unicodeScalars.first, let right = right.unicodeScalars.first else { return false }
        return abs(Int64(left.value) - Int64(right.value)) <= 1
    }

    /// Bits of one character drawn from the kinds of characters that occur.
    private static func bitsPerCharacter(_ characters: [Character]) -> Double {
        let kinds: [(Double, (Character) -> Bool)] = [
            (4.7, { $0.isLetter && $0.isLowercase }), (4.7, { $0.isLetter && !$0.isLowercase }), (3.3, { $0.isNumber }),
            (5.0, { !$0.isLetter && !$0.isNumber }),
        ]
        let present = kinds.filter { kind in characters.contains(where: kind.1) }.map(\.0)
        // Sizes add up, so that bits grow by one with every doubling.
        return (present.max() ?? 0) + Double(max(0, present.count - 1)) * 0.6
    }
}

/// The answer to a password check.
struct PasswordCheckRow: EncodableBody {
    /// The findings.
    struct Result: EncodableBody {
        let score: Int
        let feedback: Feedback

        static let shape = BodyShape<Self>([
            .init("score", .integer(0...4), of: \.score),
            .init("feedback", of: \.feedback),
        ])
    }

    /// Warning and advice.
    struct Feedback: EncodableBody {
        let warning: String
        let suggestions: [String]

        static let shape = BodyShape<Self>([
            .init("warning", of: \.warning),
            .init("suggestions", of: \.suggestions),
        ])
    }

    let strength: PasswordStrength

    init(_ strength: PasswordStrength) { self.strength = strength }

    static let shape = BodyShape<Self>([
        .init("result") {
            Result(
                score: $0.strength.score,
                feedback: Feedback(warning: $0.strength.warning, suggestions: $0.strength.suggestions))
        }
    ])
}
