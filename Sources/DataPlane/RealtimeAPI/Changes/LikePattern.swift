/// A pattern of `LIKE`: `%` for any characters, `_` for one, a backslash before one that stands for itself.
struct LikePattern: Sendable {
    private enum Part: Sendable, Equatable {
        case any
        case one
        case character(Character)
    }

    /// A search in a text of some megabytes has room.
    private static let stepsMax = 10_000_000

    private let parts: [Part]
    private let ignoresCase: Bool

    init(_ text: String, ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        var parts: [Part] = []
        var isEscaped = false
        for character in ignoresCase ? text.lowercased() : text {
            switch character {
            case _ where isEscaped:
                parts.append(.character(character))
                isEscaped = false
            case "\\": isEscaped = true
            case "%": if parts.last != .any { parts.append(.any) }
            case "_": parts.append(.one)
            default: parts.append(.character(character))
            }
        }
        self.parts = parts
    }

    /// Goes back to the last `%` only, and so takes no longer than the product of both lengths. Nil where that is too
    /// long.
    func matches(_ value: String) -> Bool? {
        let characters = Array(ignoresCase ? value.lowercased() : value)
        var (index, part) = (0, 0)
        var retry: (index: Int, part: Int)?
        var steps = 0
        while index < characters.count {
            steps += 1
            guard steps <= Self.stepsMax else { return nil }
            if part < parts.count, parts[part] == .any {
                part += 1
                retry = (index, part)
            } else if part < parts.count,
                parts[part] == .one || parts[part] == .character(characters[index])
            {
                index += 1
                part += 1
            } else if let last = retry {
                retry = (last.index + 1, last.part)
                (index, part) = (last.index + 1, last.part)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }
}
