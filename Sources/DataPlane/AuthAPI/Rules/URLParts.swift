/// The parts of an absolute URL that redirects are judged by, read as browsers read them (the URL standard of WHATWG);
/// where spellings of a host differ between readers, it is none.
struct URLParts: Sendable, Equatable {
    let scheme: String
    /// In lower case; empty where the URL has none, as those of applications do.
    let host: String
    let port: Int?
    /// Whether the scheme is followed by `//`.
    let hasAuthority: Bool
    /// Host and port as they stand there, the host in lower case.
    let authority: String
    /// What follows the authority, without the fragment. It begins with a slash: one stands before a query, too, as
    /// browsers put it there.
    let path: String

    /// Schemes whose hosts browsers read by rules of their own.
    private static let special: [String: Int] = ["http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21]
    /// What a browser runs or opens itself instead of going there.
    private static let refused: Set<String> = [
        "javascript", "data", "vbscript", "file", "blob", "filesystem", "view-source", "about",
    ]

    init?(_ text: String) {
        // Browsers drop tabs and line ends wherever they are, and take a backslash for a slash.
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "\\" }),
            let colon = text.firstIndex(of: ":"), let scheme = Self.scheme(text[..<colon])
        else { return nil }
        self.scheme = scheme
        let rest = text[text.index(after: colon)...].prefix { $0 != "#" }
        guard rest.utf8.starts(with: "//".utf8) else {
            guard Self.special[scheme] == nil else { return nil }
            (host, port, hasAuthority, authority, path) = ("", nil, false, "", String(rest))
            return
        }
        let named = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        let after = rest.dropFirst(2).dropFirst(named.count)
        guard let place = Self.place(named, isSpecial: Self.special[scheme] != nil) else { return nil }
        host = place.host
        port = place.port ?? Self.special[scheme]
        hasAuthority = true
        authority = place.host + place.port.map { ":\($0)" }.orEmpty
        path = after.first == "/" ? String(after) : "/" + after
    }

    private static func scheme(_ text: Substring) -> String? {
        let isPlain = text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                || "+-.".unicodeScalars.contains($0)
        }
        guard isPlain, let first = text.first, first.isLetter else { return nil }
        let scheme = text.lowercased()
        return refused.contains(scheme) ? nil : scheme
    }

    /// Host and port; nil where readers may take the text for different hosts.
    private static func place(_ text: Substring, isSpecial: Bool) -> (host: String, port: Int?)? {
        guard !text.contains("@"), !text.contains("%") else { return nil }
        let end: Substring.Index?
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            end = text.index(after: close)
        } else {
            end = text.firstIndex(of: ":")
        }
        let name = end.map { text[..<$0] } ?? text
        guard isSpecial ? isHost(name) : name.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let portText = end.map { text[$0...] } ?? ""
        guard !portText.isEmpty else { return (name.lowercased(), nil) }
        let digits = portText.dropFirst()
        guard portText.first == ":", digits.utf8.allSatisfy({ isDigit($0) }) else { return nil }
        guard !digits.isEmpty else { return (name.lowercased(), nil) }
        guard let port = Int(digits), (1...65_535).contains(port) else { return nil }
        return (name.lowercased(), port)
    }

    /// Letters, digits, dots and hyphens of ASCII, or an address in brackets.
    private static func isHost(_ name: Substring) -> Bool {
        guard !name.isEmpty else { return false }
        if name.hasPrefix("[") {
            return name.hasSuffix("]")
                && name.utf8.dropFirst().dropLast().allSatisfy {
                    isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
        }
        return name.utf8.allSatisfy {
            isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        } && name.first != "."
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    /// Whether the host is an address, in one of the many ways that browsers read: it has brackets, or its last label
    /// is a number, decimal or hexadecimal.
    var isAddress: Bool {
        guard Self.special[scheme] != nil else { return false }
        guard !host.hasPrefix("[") else { return true }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let last = labels.last?.isEmpty == true ? labels.dropLast().last : labels.last
        guard let last, !last.isEmpty else { return false }
        return last.utf8.allSatisfy(Self.isDigit)
            || last.hasPrefix("0x") && last.utf8.dropFirst(2).allSatisfy(Self.isHexadecimal)
    }

    /// Whether a segment of the path leads elsewhere: `.` and `..`, also escaped.
    var hasDotSegment: Bool {
        path.prefix { $0 != "?" }.split(separator: "/").contains { segment in
            let plain = segment.lowercased().replacing("%2e", with: ".")
            return plain == "." || plain == ".."
        }
    }
}

extension Optional where Wrapped == String {
    fileprivate var orEmpty: String { self ?? "" }
}
