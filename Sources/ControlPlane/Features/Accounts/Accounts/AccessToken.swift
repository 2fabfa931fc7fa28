import APIKit
public import ProjectModel

/// An access token in the form that the Supabase CLI demands: `sbp_` and forty hexadecimal digits.
public struct AccessToken: Sendable {
    /// The prefix of every token.
    public static let prefix = "sbp_"
    /// Hexadecimal digits after the prefix.
    public static let digitCount = 40

    /// The whole token.
    public let text: Secret<String>

    /// Why a text is not an access token. It never repeats the text.
    public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        /// The message: one sentence.
        public var description: String {
            "an access token is \"\(prefix)\" and \(digitCount) digits from 0-9 and a-f, "
                + "for example from: printf '\(prefix)%s' \"$(openssl rand -hex \(digitCount / 2))\""
        }
    }

    /// Checks the form.
    public init(_ text: String) throws(Problem) {
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), digits.count == Self.digitCount,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw Problem() }
        self.text = Secret(text)
    }
}
