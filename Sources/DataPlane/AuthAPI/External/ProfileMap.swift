import DataPlaneCore

/// A place in a JSON document: members by name, elements by number, `*` the first of either. Written with dots, or as a
/// list where names have dots of their own.
struct JSONPath: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    let steps: [String]

    init(_ text: some StringProtocol) { steps = text.split(separator: ".").map { String($0) } }

    init(stringLiteral text: String) { self.init(text) }

    init(arrayLiteral steps: String...) { self.steps = steps }

    func value(in json: JSONText) -> JSONText? {
        steps.reduce(json) { (value: JSONText?, step) in
            switch value {
            case .object(let members)?: step == "*" ? members.first?.value : value?[step]
            case .array(let elements)?:
                step == "*" ? elements.first : Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            default: nil
            }
        }
    }

    /// The text of a scalar that is neither missing nor empty.
    func text(in json: JSONText) -> String? {
        switch value(in: json) {
        case .string(let text)?: text.isEmpty ? nil : text
        case .number(let digits)?: digits
        case .bool(let truth)?: truth ? "true" : "false"
        default: nil
        }
    }

    /// Whether the value says yes, in one of the ways in which providers write it.
    func isTrue(in json: JSONText) -> Bool { text(in: json).map { $0 == "true" || $0 == "1" } ?? false }
}

/// How a claim is made from a document.
enum ProfileText: Sendable, ExpressibleByStringLiteral {
    /// The first of these that is there.
    case first([JSONPath])
    /// Those that are there, with blanks between.
    case words([JSONPath])
    /// A text with places in braces, all of which must be there.
    case template(String)

    init(stringLiteral text: String) { self = .first([JSONPath(text)]) }

    func text(in json: JSONText) -> String? {
        switch self {
        case .first(let paths): return paths.lazy.compactMap { $0.text(in: json) }.first
        case .words(let paths):
            let words = paths.compactMap { $0.text(in: json) }
            return words.isEmpty ? nil : words.joined(separator: " ")
        case .template(let text): return Template(text).filled { JSONPath($0).text(in: json) }
        }
    }
}

/// A text with names in braces.
struct Template: Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    /// The text with values for names; nil where a name has none.
    func filled(_ value: (Substring) -> String?) -> String? {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            guard let part = value(rest[rest.index(after: open)..<close]) else { return nil }
            filled += rest[..<open] + part
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }
}

/// When an address counts as the user's.
enum VerifiedRule: Sendable {
    case always
    case never
    case all([JSONPath])
    case any([JSONPath])
    /// Something other than an empty value is there.
    case present(JSONPath)
    /// It says yes, or is not there and the setting names one tenant.
    case trueOrUnsaid(JSONPath)
    /// Not all of these places have these values.
    case unless([JSONPath: String])

    func isVerified(in json: JSONText) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .all(let paths): paths.allSatisfy { $0.isTrue(in: json) }
        case .any(let paths): paths.contains { $0.isTrue(in: json) }
        case .present(let path): path.text(in: json) != nil
        case .trueOrUnsaid(let path): path.value(in: json).map { $0 == .null } ?? true || path.isTrue(in: json)
        case .unless(let values): !values.allSatisfy { $0.key.text(in: json) == $0.value }
        }
    }
}

/// How a document of a provider is read.
struct ProfileMap: Sendable {
    /// What is kept under `custom_claims`.
    enum Custom: Sendable {
        case named([String: JSONPath])
        /// All members but these.
        case others(than: Set<String>)
    }

    /// The first of these that is there.
    var subject: [JSONPath]
    var email: JSONPath?
    var verified: VerifiedRule
    var claims: [String: ProfileText]
    var custom = Custom.named([:])

    /// The claims of OpenID Connect Core 1.0 §5.1.
    static let openID = ProfileMap(
        subject: ["sub"], email: "email", verified: .any(["email_verified"]),
        claims: [
            "name": "name", "full_name": "name", "given_name": "given_name", "family_name": "family_name",
            "preferred_username": "preferred_username", "picture": "picture", "avatar_url": "picture",
            "locale": "locale",
        ])

    /// The usual claims about a person, each under the two names that clients know it by.
    static func person(
        name: ProfileText, picture: ProfileText? = nil, userName: ProfileText? = nil
    ) -> [String: ProfileText] {
        var claims = ["name": name, "full_name": name]
        if let picture { claims.merge(["picture": picture, "avatar_url": picture]) { $1 } }
        if let userName { claims.merge(["user_name": userName, "preferred_username": userName]) { $1 } }
        return claims
    }

    /// The user of a document; nil where it names none.
    ///
    /// - Parameter issuer: `iss` of the identity.
    func profile(in json: JSONText, issuer: String) -> ExternalProfile? {
        guard let subject = subject.lazy.compactMap({ $0.text(in: json) }).first,
            subject.utf8.count <= ExternalProfile.subjectBytesMax
        else { return nil }
        var profile = ExternalProfile(issuer: issuer, subject: subject)
        if let address = email?.text(in: json) {
            profile.add(address, isVerified: verified.isVerified(in: json), isPrimary: true)
        }
        for (name, rule) in claims.sorted(by: { $0.key < $1.key }) {
            if let text = rule.text(in: json) { profile.claims.append(.init(name, .string(text))) }
        }
        profile.custom = customClaims(in: json)
        return profile
    }

    private func customClaims(in json: JSONText) -> [JSONText.Member] {
        switch custom {
        case .named(let paths):
            paths.sorted { $0.key < $1.key }.compactMap { name, path in
                path.value(in: json).flatMap { $0 == .null ? nil : .init(name, $0) }
            }
        case .others(let names): json.members.filter { !names.contains($0.name) }
        }
    }
}
