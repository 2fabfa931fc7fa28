import DataPlaneCore

/// Where the role stands among a token's claims: `jwt-role-claim-key`, a path such as `$.role` or `.app.roles[0]`.
public struct RoleClaim: Sendable, Equatable {
    private enum Step: Sendable, Equatable {
        case key(String)
        case index(Int)
    }

    private let steps: [Step]

    /// The claim `role`.
    public static let standard = RoleClaim(steps: [.key("role")])

    private init(steps: [Step]) { self.steps = steps }

    /// Reads a path; nil for anything else.
    public init?(_ text: String) {
        var scanner = TextScanner(text)
        _ = scanner.take("$")
        var steps: [Step] = []
        while !scanner.isAtEnd {
            if scanner.take(".") {
                if scanner.next == "\"" {
                    guard let key = try? scanner.quoted() else { return nil }
                    steps.append(.key(key))
                } else {
                    let key = scanner.take { $0 != "." && $0 != "[" }
                    guard !key.isEmpty else { return nil }
                    steps.append(.key(key))
                }
            } else if scanner.take("[") {
                guard let index = Int(scanner.take { ("0"..."9").contains($0) }), scanner.take("]") else { return nil }
                steps.append(.index(index))
            } else {
                return nil
            }
        }
        guard !steps.isEmpty else { return nil }
        self.steps = steps
    }

    /// The role among the claims; nil where there is none.
    func value(in claims: JSONText) -> String? {
        var value = claims
        for step in steps {
            switch step {
            case .key(let key):
                guard let next = value[key] else { return nil }
                value = next
            case .index(let index):
                guard let elements = value.arrayValue, elements.indices.contains(index) else { return nil }
                value = elements[index]
            }
        }
        return value.stringValue
    }
}
