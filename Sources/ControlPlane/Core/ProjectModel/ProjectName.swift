/// The name a person gives a project. It ends up in container variables, dashboards and log lines, so it is limited
/// to characters that need no escaping anywhere.
public struct ProjectName: Hashable, Sendable, CustomStringConvertible {
    /// Longest accepted name in characters (the bound of the Management API).
    public static let lengthMax = 256

    /// Why a text is not a project name.
    public enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
        case empty
        case tooLong
        case badEdge
        case forbidden(Character)

        /// The message: one sentence.
        public var description: String {
            switch self {
            case .empty: "the project name is empty: give it at least one letter or digit"
            case .tooLong: "the project name is longer than \(ProjectName.lengthMax) characters"
            case .badEdge: "the project name must begin and end with a letter or a digit"
            case .forbidden(let character):
                "the project name contains \(character.debugDescription): "
                    + "use letters a-z and A-Z, digits, spaces, hyphens and underscores"
            }
        }
    }

    /// The name as given.
    public let text: String

    /// Checks length, first and last character, and every character.
    public init(_ text: String) throws(Problem) {
        guard let first = text.first, let last = text.last else { throw .empty }
        guard text.utf8.count <= Self.lengthMax else { throw .tooLong }
        if let bad = text.first(where: { !Self.isAllowed($0) }) { throw .forbidden(bad) }
        guard Self.isAlphanumeric(first), Self.isAlphanumeric(last) else { throw .badEdge }
        self.text = text
    }

    /// The text form.
    public var description: String { text }

    private static func isAlphanumeric(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }

    private static func isAllowed(_ character: Character) -> Bool {
        isAlphanumeric(character) || character == " " || character == "-" || character == "_"
    }
}
