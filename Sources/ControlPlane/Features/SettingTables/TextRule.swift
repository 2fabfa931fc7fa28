/// The required form of a text, for texts that keep a service from starting when they are wrong.
public enum TextRule: String, Sendable, Hashable, CaseIterable {
    /// Anything.
    case any
    /// One address or a name: not empty, and no comma.
    case single
    /// A list with commas that has at least one element.
    case list
    /// Addresses with the wildcards of GoTrue, separated by commas. It ends at once over brackets that do not match.
    case wildcards
    /// What a hook calls: a function in the database, or an address.
    case hook
    /// Secrets of a hook in the form of Standard Webhooks, separated by `|`.
    case hookSecrets
    /// A text of Go's template language.
    case template
    /// Telephone numbers with codes: `number=code` in the API, `number:code` in the variable.
    case testCodes
    /// A time such as `2030-01-31T00:00:00Z`.
    case time
    /// An e-mail address.
    case mail
    /// Words with letters, digits, `_` and `-`, separated by commas.
    case tags

    /// The stored form: the text itself, except for ``testCodes``.
    func stored(_ text: String) throws(SettingProblem) -> String {
        guard accepts(text) else { throw SettingProblem(expectation) }
        return self == .testCodes ? text.replacing("=", with: ":") : text
    }

    /// The text as people see it.
    func shown(_ text: String) -> String { self == .testCodes ? text.replacing(":", with: "=") : text }

    private func accepts(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .single: !text.isEmpty && !text.contains(",")
        case .list: text.split(separator: ",").contains { $0.contains { !$0.isWhitespace } }
        case .wildcards: text.split(separator: ",").allSatisfy { Self.isBalanced($0) }
        case .hook: text.isEmpty || Self.isHook(text)
        case .hookSecrets: text.split(separator: "|").allSatisfy { Self.isHookSecret(String($0)) }
        case .template: Self.isTemplate(text)
        case .testCodes: text.split(separator: ",").allSatisfy { Self.isTestCode($0) }
        case .time: text.isEmpty || Self.isTime(Array(text.utf8))
        case .mail: text.isEmpty || Self.isMail(text)
        case .tags: text.utf8.allSatisfy { Self.isWordByte($0) || [0x2C, 0x2D, 0x20].contains($0) }
        }
    }

    /// The expected form, as a phrase that follows the key.
    var expectation: String {
        switch self {
        case .any: "must be a text"
        case .single: "must be one address and must not be empty"
        case .list: "must be a list with commas and must not be empty"
        case .wildcards: "must be addresses separated by commas whose brackets match"
        case .hook:
            "must be pg-functions://postgres/<schema>/<function>, an address with https, or one with http on localhost"
        case .hookSecrets: "must be secrets of the form v1,whsec_<base64>, separated by |"
        case .template: "must be a text whose {{ and }} match, with {{ .Code }} for the code"
        case .testCodes: "must be <number>=<code>, several separated by commas"
        case .time: "must be a time such as 2030-01-31T00:00:00Z"
        case .mail: "must be an e-mail address"
        case .tags: "must be words of letters, digits, _ and -, separated by commas"
        }
    }
}
