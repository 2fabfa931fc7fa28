/// Where a user may be sent after signing in: the site, and what the operator lists.
struct RedirectRules: Sendable {
    /// Longest target that is looked at.
    static let bytesMax = 2_048
    /// This machine, on whose every port a developer's site may be.
    private static let machine: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    let siteURL: String
    let globs: [String]

    init(_ configuration: AuthConfiguration) {
        siteURL = configuration.siteURL
        globs = configuration.redirectGlobs
    }

    /// The target if it is allowed, else the site.
    func target(_ wanted: String?) -> String {
        guard let wanted, isAllowed(wanted) else { return siteURL }
        return wanted
    }

    func isAllowed(_ text: String) -> Bool {
        guard text.utf8.count <= Self.bytesMax, let url = URLParts(text) else { return false }
        if let site = URLParts(siteURL), site.scheme == url.scheme, site.host == url.host,
            site.port == url.port || Self.machine.contains(url.host)
        {
            return true
        }
        guard !url.hasDotSegment else { return false }
        return globs.contains { Glob($0).matches(url) }
    }
}

/// A pattern of the allow list: `*` stands for characters other than `.` and `/`, `**` for any, `?` for one that is
/// neither, `{a,b}` for one of several, `[abc]` for one character of them.
///
/// Scheme, authority and path match apart: no star of a host reaches into a path, or the other way round.
struct Glob: Sendable {
    /// Longest pattern that is looked at; beyond it nothing matches.
    static let elementsMax = 512
    private static let alternativesMax = 64

    private enum Element: Sendable {
        case literal(Character)
        case one
        case some
        case any
        case oneOf(Set<Character>, isNegated: Bool)

        func isLiteral(_ character: Character) -> Bool {
            if case .literal(let literal) = self { literal == character } else { false }
        }

        /// The character that it stands for; nil for a wildcard.
        var character: Character? {
            if case .literal(let literal) = self { literal } else { nil }
        }
    }

    private let alternatives: [[Element]]

    init(_ pattern: String) {
        alternatives = Self.alternatives(of: pattern).compactMap { Self.elements(of: $0) }
    }

    func matches(_ text: String) -> Bool {
        let text = Array(text)
        return alternatives.contains { Self.matches($0, text) }
    }

    /// Whether a URL fits. A host that is an address has to be listed as it stands.
    func matches(_ url: URLParts) -> Bool { alternatives.contains { Self.matches($0, url) } }

    private static func matches(_ elements: [Element], _ url: URLParts) -> Bool {
        let colon = elements.indices.first { index in
            index + 2 < elements.count && elements[index].isLiteral(":") && elements[index + 1].isLiteral("/")
                && elements[index + 2].isLiteral("/")
        }
        guard let colon, url.hasAuthority else {
            let whole = url.hasAuthority ? "//" + url.authority + url.path : url.path
            return colon == nil && !url.isAddress && matches(elements, Array("\(url.scheme):\(whole)"))
        }
        let rest = elements[(colon + 3)...]
        let authority = Array(rest.prefix { !$0.isLiteral("/") })
        let path = Array(rest.dropFirst(authority.count))
        guard matches(Array(elements[..<colon]), Array(url.scheme)), matches(authority, Array(url.authority)),
            !url.isAddress || isListed(url.host, in: authority)
        else { return false }
        guard path.isEmpty else { return matches(path, Array(url.path)) }
        if case .any? = authority.last { return true }
        return url.path == "/"
    }

    /// Whether the host part of an authority is this host, without a wildcard.
    private static func isListed(_ host: String, in authority: [Element]) -> Bool {
        let characters = Array(host)
        guard authority.count >= characters.count,
            zip(authority, characters).allSatisfy({ $0.character.map { $0.lowercased() } == $1.lowercased() })
        else { return false }
        return authority.count == characters.count || authority[characters.count].isLiteral(":")
    }

    /// Unfolds braces, which do not nest.
    private static func alternatives(of pattern: String) -> [String] {
        var done = [""]
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let choices = rest[rest.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false)
            let head = rest[..<open]
            guard done.count * choices.count <= alternativesMax else { return [] }
            done = done.flatMap { start in choices.map { start + head + $0 } }
            rest = rest[rest.index(after: close)...]
        }
        return done.map { $0 + rest }
    }

    private static func elements(of pattern: String) -> [Element]? {
        var elements: [Element] = []
        var rest = Array(pattern)[...]
        while let character = rest.popFirst() {
            switch character {
            case "*" where rest.first == "*":
                rest = rest.drop { $0 == "*" }
                elements.append(.any)
            case "*": elements.append(.some)
            case "?": elements.append(.one)
            case "\\" where !rest.isEmpty: elements.append(.literal(rest.removeFirst()))
            case "[" where isAddress(rest): elements.append(.literal(character))
            case "[":
                guard let close = rest.firstIndex(of: "]"), close > rest.startIndex else {
                    elements.append(.literal(character))
                    continue
                }
                let isNegated = rest.first == "!" || rest.first == "^"
                elements.append(.oneOf(Set(rest[..<close].dropFirst(isNegated ? 1 : 0)), isNegated: isNegated))
                rest = rest[(close + 1)...]
            default: elements.append(.literal(character))
            }
            guard elements.count <= elementsMax else { return nil }
        }
        return elements
    }

    /// Whether a bracket begins an address of IPv6 and no list of characters: such a list names no colon twice.
    private static func isAddress(_ rest: ArraySlice<Character>) -> Bool {
        guard let close = rest.firstIndex(of: "]") else { return false }
        return rest[..<close].count { $0 == ":" } > 1
    }

    /// Which prefixes of the text the elements so far can stand for: linear in both, whatever the pattern.
    private static func matches(_ elements: [Element], _ text: [Character]) -> Bool {
        var reached = [Bool](repeating: false, count: text.count + 1)
        reached[0] = true
        for element in elements {
            var next = [Bool](repeating: false, count: text.count + 1)
            switch element {
            case .any, .some:
                next[0] = reached[0]
                for index in text.indices {
                    let passes = if case .any = element { true } else { !isSeparator(text[index]) }
                    next[index + 1] = reached[index + 1] || next[index] && passes
                }
            default:
                for index in text.indices where reached[index] { next[index + 1] = fits(element, text[index]) }
            }
            reached = next
        }
        return reached[text.count]
    }

    private static func fits(_ element: Element, _ character: Character) -> Bool {
        switch element {
        case .literal(let literal): character == literal
        case .one: !isSeparator(character)
        case .oneOf(let set, let isNegated): set.contains(character) != isNegated
        case .some, .any: false
        }
    }

    private static func isSeparator(_ character: Character) -> Bool { character == "." || character == "/" }
}
