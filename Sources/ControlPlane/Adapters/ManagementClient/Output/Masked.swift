public import ProjectModel

/// What is shown of a secret that is not to be shown.
public enum Masked {
    /// Characters of a key that are shown at its beginning and at its end.
    static let shownStart = 8
    static let shownEnd = 4
    /// Shorter keys show nothing: too much of them would be seen.
    static let lengthMin = 32

    /// The beginning and the end of a key, enough to distinguish keys.
    public static func key(_ key: Secret<String>) -> String {
        let text = key.reveal()
        guard text.count >= lengthMin else { return password }
        return "\(text.prefix(shownStart))…\(text.suffix(shownEnd))"
    }

    /// The placeholder of a password of any length.
    public static let password = "********"
}
