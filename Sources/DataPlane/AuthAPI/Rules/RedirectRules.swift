/// Where a user may be sent after signing in: the site, and what the operator lists.
struct RedirectRules: Sendable {
    /// Longest target that is looked at.
    static let bytesMax = 2_048

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
        guard text.utf8.count <= Self.bytesMax, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0 != "\\" }),
            let url = URLParts(text)
        else { return false }
        if let site = URLParts(siteURL), site.scheme == url.scheme, site.host == url.host,
            site.port == url.port || ["localhost", "127.0.0.1", "[::1]"].contains(url.host)
        {
            return true
        }
        guard !Self.isAddressOfMachine(url.host) else { return false }
        let whole = String(text.prefix { $0 != "#" })
        return globs.contains { Glob($0).matches(whole) }
    }

    /// Hosts of digits and dots stand for addresses, in one of the many ways that browsers read them.
    private static func isAddressOfMachine(_ host: String) -> Bool {
        if ["127.0.0.1", "[::1]"].contains(host) { return false }
        if host.hasPrefix("[") { return true }
        guard !host.isEmpty else { return false }
        return host.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
    }
}

/// The parts of an absolute URL that redirects are judged by.
struct URLParts: Sendable, Equatable {
    let scheme: String
    /// In lower case; empty where the URL has none, as those of applications do.
    let host: String
    let port: Int?

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon].lowercased()
        guard let first = scheme.unicodeScalars.first, ("a"..."z").contains(first),
            scheme.unicodeScalars.allSatisfy({
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || "+-.".unicodeScalars.contains($0)
            }),
            // What a browser runs instead of going there.
            !["javascript", "data", "vbscript", "file"].contains(scheme)
        else { return nil }
        self.scheme = scheme
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else {
            guard !["http", "https"].contains(scheme) else { return nil }
            host = ""
            port = nil
            return
        }
        let authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return nil }
        let isBracketed = authority.hasPrefix("[")
        let end = isBracketed ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : nil
        let split = isBracketed ? end : authority.firstIndex(of: ":")
        guard !isBracketed || end != nil else { return nil }
        let name = split.map { authority[..<$0] } ?? authority
        let portText = split.map { authority[$0...] } ?? ""
        guard portText.isEmpty || portText.hasPrefix(":") else { return nil }
        host = name.lowercased()
        if portText.count > 1 {
            guard let number = Int(portText.dropFirst()), (1...65_535).contains(number) else { return nil }
            port = number
        } else {
            port = scheme == "https" ? 443 : scheme == "http" ? 80 : nil
        }
        guard !host.isEmpty || !["http", "https"].contains(scheme) else { return nil }
    }
}

/// A pattern of the allow list: `*` stands for characters other than `.` and `/`, `**` for any, `?` for one that is
/// neither, `{a,b}` for one of several, `[abc]` for one character of them.
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
    }

    private let alternatives: [[Element]]

    init(_ pattern: String) {
        alternatives = Self.alternatives(of: pattern).compactMap { Self.elements(of: $0) }
    }

    func matches(_ text: String) -> Bool {
        let text = Array(text)
        return alternatives.contains { Self.matches($0, text) }
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
